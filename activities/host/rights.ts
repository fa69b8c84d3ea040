import type { HostFacts } from '../../plan/plan.ts';

/** The rights of root on a host, as an option of `run`: none to ask for where root logs in, or where the worker's own must do. */
export function asRoot(host: HostFacts): { readonly as?: 'root' } {
  return host.connection === 'ssh' && host.ssh?.user !== 'root' ? { as: 'root' } : {};
}

/** What a service command of the inventory needs: systemd takes orders from root; any other command says itself whose rights it takes. */
export function serviceRights(host: HostFacts, argv: readonly string[]): { readonly as?: 'root' } {
  return argv[0] === 'systemctl' ? asRoot(host) : {};
}
