"""A mail server of its own process: each message that it takes becomes a line of JSON on standard output.

Usage: mailbox.py [--login USER PASSWORD] [--tls CERTIFICATE KEY]
Addresses decide how it answers: refused@ and busy@ are not taken, lost@ is taken and the answer lost.
"""
import asyncio
import json
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult


def after(flag, count):
    if flag not in sys.argv:
        return None
    place = sys.argv.index(flag)
    return sys.argv[place + 1 : place + 1 + count]


login, tls = after("--login", 2), after("--tls", 2)
say = lambda **entry: print(json.dumps(entry), flush=True)


def authenticate(server, session, envelope, mechanism, data):
    given = [data.login.decode(), data.password.decode()]
    say(login=given[0], encrypted=session.ssl is not None)
    return AuthResult(success=given == login, handled=False)


class Handler:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("refused@"):
            return "550 nobody of that name"
        if address.startswith("busy@"):
            return "451 not now"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        text = envelope.content.decode()
        say(sender=envelope.mail_from, to=envelope.rcpt_tos, text=text, encrypted=session.ssl is not None)
        if any(address.startswith("lost@") for address in envelope.rcpt_tos):
            server.transport.abort()
        return "250 taken"


async def main():
    context = None
    if tls:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(*tls)
    more = {"authenticator": authenticate, "auth_required": True, "auth_require_tls": False} if login else {}
    loop = asyncio.get_running_loop()
    make = lambda: SMTP(Handler(), hostname="mail.example.com", tls_context=context, loop=loop, **more)
    server = await loop.create_server(make, "127.0.0.1", 0)
    say(port=server.sockets[0].getsockname()[1])
    await server.serve_forever()


asyncio.run(main())
