import { addressOf, secret, type FullLab } from '../full-lab.ts';
import { account } from './accounts.ts';
import { put } from './put.ts';

/** The host outside the sites: the name that clients ask for, and the proxy that they may come through. */
export function writeEdge(lab: FullLab, disk: string): void {
  const bind = account('bind');
  const address = addressOf(lab, 'edge');
  put(disk, 'etc/bind/lifeboat.key', tsig(lab), { mode: 0o640, group: bind });
  put(
    disk,
    'etc/bind/named.conf',
    `include "/etc/bind/lifeboat.key";
options {
  directory "/var/cache/bind";
  listen-on { ${address}; 127.0.0.1; };
  listen-on-v6 { none; };
  recursion no; dnssec-validation no; minimal-responses yes;
  notify explicit; also-notify { ${addressOf(lab, 'a-app')}; ${addressOf(lab, 'b-app')}; };
  notify-delay 0; serial-query-rate 100;
  allow-transfer { ${addressOf(lab, 'a-app')}; ${addressOf(lab, 'b-app')}; };
};
controls { };
zone "orders.test" {
  type primary; file "/var/lib/bind/orders.test.zone";
  update-policy { grant lifeboat name db.orders.test. A; grant lifeboat name www.orders.test. A;
    grant lifeboat subdomain lifeboat-rehearsal.orders.test. A; };
};
`,
  );
  put(disk, 'var/lib/bind/orders.test.zone', zone(lab), { of: bind });
  put(disk, 'etc/haproxy/haproxy.cfg', proxy(lab));
  put(disk, 'var/lib/haproxy/state', '', { mode: 0o664, of: { uid: 0, gid: account('haproxy').gid } });
  put(disk, 'etc/systemd/system/haproxy.service.d/lifeboat.conf', '[Service]\nRuntimeDirectory=haproxy\n');
}

/** The key that signs changes of names, as named and nsupdate read it. */
export const tsig = (lab: FullLab): string => `key "lifeboat" {\n\talgorithm hmac-sha256;\n\tsecret "${secret(lab, 'tsig')}";\n};\n`;

const zone = (lab: FullLab): string => `$TTL 5
@     IN SOA ns hostmaster ${Math.floor(Date.now() / 1000)} 60 5 600 5
@     IN NS ns
ns    IN A ${addressOf(lab, 'edge')}
db  5 IN A ${addressOf(lab, 'a-db')}
www 5 IN A ${addressOf(lab, 'a-app')}
`;

const proxy = (lab: FullLab): string => `global
  stats socket /run/haproxy/admin.sock mode 660 user root group haproxy level admin expose-fd listeners
  server-state-file /var/lib/haproxy/state
  user haproxy
  group haproxy
defaults
  mode tcp
  timeout connect 1s
  timeout client 1h
  timeout server 1h
  load-server-state-from-file global
frontend orders
  bind *:5432
  default_backend orders
backend orders
  option pgsql-check user app
  server a-db ${addressOf(lab, 'a-db')}:5432 check inter 500 fall 2 rise 1
  server b-db ${addressOf(lab, 'b-db')}:5432 check inter 500 fall 2 rise 1 disabled
`;
