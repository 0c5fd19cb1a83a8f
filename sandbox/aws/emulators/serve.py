"""Runs one emulator on a free port of 127.0.0.1 and ends with its parent.

    python serve.py moto|ministack

The first line on stdout is the port. The port is bound before anything is imported, so that two emulators never
race for one. Standard input is a pipe from the parent and carries nothing: its end means that the parent is gone,
however it went, and ends this process and whatever it started (Lambda functions are children of ministack).
"""

import hashlib
import os
import signal
import socket
import sys
import threading


def end_with_parent():
    while os.read(0, 4096):
        pass
    os.killpg(0, signal.SIGKILL)


def free_port():
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", 0))
    listener.listen(512)
    listener.set_inheritable(True)
    print(listener.getsockname()[1], flush=True)
    return listener


def serve_moto(listener):
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
    from werkzeug.serving import make_server

    import moto_lookups
    import moto_repairs

    moto_repairs.apply()
    moto_lookups.apply()

    class QuietHandler(MotoRequestHandler):
        protocol_version = "HTTP/1.1"  # keeps connections open; the default closes each

        def log_request(self, *_):
            pass

    port = listener.getsockname()[1]
    os.environ["MOTO_PORT"] = str(port)
    app = DomainDispatcherApplication(create_backend_app)
    make_server("127.0.0.1", port, app, threaded=True, request_handler=QuietHandler, fd=listener.fileno()).serve_forever()


def role_credentials(function):
    """Credentials of the function's role: the same derivation as in endpoint/sessions.ts."""
    role = function.get("Role", "").rsplit("/", 1)[-1]
    key = "ASIA" + hashlib.sha256(role.encode()).hexdigest()[:16].upper()
    return {
        "AWS_ACCESS_KEY_ID": key,
        "AWS_SECRET_ACCESS_KEY": f"local-{key}",
        "AWS_SESSION_TOKEN": f"local-session-{role}",
    }


def let_services_put_events(eventbridge):
    """Nobody may put events with a source of AWS's own, but the services of the endpoint are AWS here."""
    put_events = eventbridge._put_events
    eventbridge._put_events = lambda data: put_events(data, allow_aws_source=data.pop("FleetService", False))


def serve_ministack(listener):
    import asyncio

    from hypercorn.asyncio import serve
    from hypercorn.config import Config
    from ministack.app import app
    from ministack.core import lambda_runtime
    from ministack.services import eventbridge

    # Without this every function signs with the account's id, and nobody can tell whose call it is.
    lambda_runtime.execution_credentials = role_credentials
    let_services_put_events(eventbridge)

    config = Config()
    config.bind = [f"fd://{listener.fileno()}"]
    config.keep_alive_timeout = 75
    config.loglevel = "WARNING"
    asyncio.run(serve(app, config))


def main():
    # A process group of its own, so that end_with_parent reaches all and only what this process started.
    if os.getpgid(0) != os.getpid():
        os.setpgid(0, 0)
    threading.Thread(target=end_with_parent, daemon=True).start()
    listener = free_port()
    {"moto": serve_moto, "ministack": serve_ministack}[sys.argv[1]](listener)


main()
