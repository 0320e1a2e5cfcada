"""OpenStack Swift on loopback: proxy (with its S3 face), account, container and object servers over one folder.

Run by Swift's own Python (tests/swift/bring makes it): `server.py FOLDER`. Prints the address of the proxy once it
answers, and ends when its input closes, so it never outlives the tests that started it.

One process instead of Swift's usual four: the servers are the real ones and talk over sockets, they only share a
Python, which starts in a second and holds a fifth of the memory.
"""

import socket
import sys
from pathlib import Path

import eventlet
import eventlet.tpool
import eventlet.wsgi
from swift.common import storage_policy, utils, wsgi
from swift.common.ring import RingBuilder

KINDS = ("account", "container", "object")

# What Swift mixes into its hashes; any value serves.
SWIFT_CONF = "[swift-hash]\nswift_hash_path_suffix = tests\n"

BACK_CONF = """
[DEFAULT]
swift_dir = {folder}
devices = {folder}/devices
mount_check = false
fallocate_reserve = 0
log_level = ERROR
[pipeline:main]
pipeline = {kind}-server
[app:{kind}-server]
use = egg:swift#{kind}
"""

PROXY_CONF = """
[DEFAULT]
swift_dir = {folder}
log_level = ERROR
[pipeline:main]
pipeline = catch_errors gatekeeper listing_formats bulk s3api tempauth copy slo dlo versioned_writes proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
[filter:tempauth]
use = egg:swift#tempauth
user_hocso_app = secret-of-tests .admin
[filter:s3api]
use = egg:swift#s3api
s3_acl = false
# S3 refuses small parts; so does this.
min_segment_size = 5242880
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:gatekeeper]
use = egg:swift#gatekeeper
[filter:listing_formats]
use = egg:swift#listing_formats
[filter:bulk]
use = egg:swift#bulk
[filter:copy]
use = egg:swift#copy
[filter:slo]
use = egg:swift#slo
# Parts of a deleted file go at once: the daemon that would do it later does not run here.
allow_async_delete = false
[filter:dlo]
use = egg:swift#dlo
[filter:versioned_writes]
use = egg:swift#versioned_writes
allow_versioned_writes = true
"""


def listen() -> socket.socket:
    listener: socket.socket = eventlet.listen(("127.0.0.1", 0), backlog=256)
    return listener


def write_ring(folder: Path, kind: str, port: int) -> None:
    """One device, one copy."""
    builder = RingBuilder(part_power=2, replicas=1, min_part_hours=0)
    builder.add_dev({"id": 0, "region": 1, "zone": 1, "ip": "127.0.0.1", "port": port, "device": "disk", "weight": 1})
    builder.rebalance(seed=1)
    builder.get_ring().save(str(folder / f"{kind}.ring.gz"))


def serve(listener: socket.socket, conf: Path) -> None:
    app = wsgi.loadapp(str(conf), allow_modify_pipeline=False)
    eventlet.spawn(
        eventlet.wsgi.server, listener, app, protocol=wsgi.SwiftHttpProtocol, log_output=False,
        capitalize_response_headers=False,
    )  # fmt: skip


def main(folder: Path) -> None:
    utils.monkey_patch()
    (folder / "devices" / "disk").mkdir(parents=True)
    (folder / "swift.conf").write_text(SWIFT_CONF)
    utils.set_swift_dir(str(folder))
    utils.validate_hash_conf()
    utils.disable_fallocate()
    storage_policy.reload_storage_policies()
    backs = {kind: listen() for kind in KINDS}
    for kind, listener in backs.items():
        write_ring(folder, kind, listener.getsockname()[1])
        conf = folder / f"{kind}.conf"
        conf.write_text(BACK_CONF.format(folder=folder, kind=kind))
        serve(listener, conf)
    proxy = listen()
    conf = folder / "proxy.conf"
    conf.write_text(PROXY_CONF.format(folder=folder))
    serve(proxy, conf)
    print(f"http://127.0.0.1:{proxy.getsockname()[1]}", flush=True)
    # In a thread: the servers share this one's time.
    eventlet.tpool.execute(sys.stdin.read)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
