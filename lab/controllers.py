"""The Redfish controllers of the practice estate: one process each, forked from one import of sushy-tools.

Its fake driver remembers a power state and changes it at random; here every reading and every press goes to the estate, which
looks at the machine's real processes and works them. Argument: a JSON file with the controllers and the estate's interface."""
import http.client
import json
import os
import signal
import sys

import bcrypt
from sushy_tools import error
from sushy_tools.emulator import main
from sushy_tools.emulator.resources.systems import fakedriver

with open(sys.argv[1], encoding='utf-8') as file:
    CONFIG = json.load(file)
ACTIONS = {'On': 'on', 'ForceOn': 'on', 'ForceOff': 'off', 'GracefulShutdown': 'soft',
           'ForceRestart': 'restart', 'GracefulRestart': 'restart'}


def estate(method, path):
    connection = http.client.HTTPConnection('127.0.0.1', CONFIG['estate'], timeout=30)
    try:
        connection.request(method, path, headers={'authorization': 'Bearer ' + CONFIG['token']})
        response = connection.getresponse()
        answer = json.loads(response.read())
    finally:
        connection.close()
    if response.status != 200:
        raise error.FishyError(answer['error'])
    return answer


def get_power_state(self, identity):
    return estate('GET', '/controller/' + self._get(identity)['name'])['power']


def set_power_state(self, identity, state):
    if state not in ACTIONS:
        raise error.BadRequest(f'Unknown ResetType {state}')
    estate('POST', f"/controller/{self._get(identity)['name']}/{ACTIONS[state]}")


def serve(controller):
    folder = controller['folder']
    os.makedirs(folder, exist_ok=True)
    htpasswd = os.path.join(folder, 'htpasswd')
    with open(controller['password'], encoding='utf-8') as file:
        digest = bcrypt.hashpw(file.read().strip().encode(), bcrypt.gensalt(4)).decode()
    with open(htpasswd, 'w', encoding='utf-8') as file:
        file.write(f"{controller['user']}:{digest}\n")
    settings = os.path.join(folder, 'sushy.conf')
    with open(settings, 'w', encoding='utf-8') as file:
        for name, value in {
                'LISTEN_IP': '127.0.0.1', 'LISTEN_PORT': controller['port'], 'SSL_CERT': CONFIG['certificate'],
                'SSL_KEY': CONFIG['key'], 'AUTH_FILE': htpasswd, 'FAKE_DRIVER': True, 'STATE_DIR': folder,
                'FAKE_SYSTEMS': [{'uuid': controller['host'], 'name': controller['host'], 'power_state': 'On',
                                  'external_notifier': False, 'nics': []}]}.items():
            file.write(f'SUSHY_EMULATOR_{name}={value!r}\n')
    sys.argv = ['sushy-emulator', '--config', settings]
    sys.exit(main.main())


fakedriver.FakeDriver.get_power_state = get_power_state
fakedriver.FakeDriver.set_power_state = set_power_state
children = []
for one in CONFIG['controllers']:
    child = os.fork()
    if child == 0:
        serve(one)
    children.append(child)


def end(*_):
    for child in children:
        os.kill(child, signal.SIGTERM)
    sys.exit(0)


signal.signal(signal.SIGTERM, end)
for child in children:
    os.waitpid(child, 0)
