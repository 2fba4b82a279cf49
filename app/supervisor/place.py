"""Where a server may live: which user runs it, which folders that user can reach, and a short path for its socket."""

import hashlib
import os
import pwd
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

_LONGEST_SOCKET = 100  # bytes; the kernel's limit is 107
_LASTING = (Path("/var/lib"), Path("/var/tmp"))  # noqa: S108 - survives a reboot, folders in it are private
_OWNER = "belongs-to"


@dataclass(frozen=True, slots=True)
class Account:
    """A user of the machine that a server runs under."""

    uid: int
    gid: int


def server_account() -> Account | None:
    """The account for servers that refuse to run as root; None where we are not root anyway."""
    if os.geteuid() != 0:
        return None
    for name in ("nobody", "daemon"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid)
    raise LookupError("no unprivileged account (nobody, daemon) on this machine")


def may_enter(folder: Path, account: Account | None) -> bool:
    """Whether the account can reach things in the folder: each folder on the way lets it through."""
    if account is None:
        return True
    return all(_lets_through(part, account) for part in (folder, *folder.parents))


def _lets_through(folder: Path, account: Account) -> bool:
    if not folder.exists():
        return True  # we shall make it
    status = folder.stat()
    wanted = stat.S_IXUSR if status.st_uid == account.uid else stat.S_IXOTH
    return bool(status.st_mode & wanted)


def give(path: Path, account: Account | None) -> None:
    """Make the account the owner, where there is one."""
    if account is not None:
        os.chown(path, account.uid, account.gid)


def home(var: Path, name: str, account: Account | None) -> Path:
    """The folder of one server: ``var/<name>``, or a lasting one outside where the account cannot reach that.

    The outside one is written down in ``var/<name>.place`` and says itself to which ``var`` it belongs, so that it
    moves with a moved checkout and is not shared with a copied one.
    """
    if may_enter(var / name, account):
        folder = var / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder
    note = var / f"{name}.place"
    if note.exists():
        folder = Path(note.read_text().strip())
        if folder.is_dir() and _is_ours(folder, var, note.name):
            return folder
    folder = _new_home(name)
    (folder / _OWNER).write_text(str(var))
    note.write_text(str(folder))
    return folder


def _is_ours(folder: Path, var: Path, note: str) -> bool:
    owner = Path((folder / _OWNER).read_text())
    if owner != var and (owner / note).exists():
        return False  # the other checkout is still there: this one is a copy
    (folder / _OWNER).write_text(str(var))
    return True


def _new_home(name: str) -> Path:
    for parent in _LASTING:
        if os.access(parent, os.W_OK):
            folder = Path(tempfile.mkdtemp(prefix=f"parley-{name}-", dir=parent))
            folder.chmod(0o711)
            return folder
    raise PermissionError(f"no folder for {name}: neither of {', '.join(map(str, _LASTING))} can be written")


def socket_folder(var: Path, account: Account | None) -> Path:
    """A private folder with a short path for the sockets; the same one each time for the same ``var``."""
    name = "parley-" + hashlib.sha256(str(var).encode()).hexdigest()[:12]
    for parent in (Path(tempfile.gettempdir()), Path("/tmp")):  # noqa: S108 - checked below
        folder = parent / name
        if len(str(folder / ".s.PGSQL.5432.lock")) <= _LONGEST_SOCKET and may_enter(parent, account):
            break
    else:
        raise PermissionError("no folder with a short path for sockets: set TMPDIR to one")
    folder.mkdir(mode=0o700, exist_ok=True)
    status = folder.lstat()
    owners = {os.geteuid(), account.uid if account else os.geteuid()}
    if not stat.S_ISDIR(status.st_mode) or status.st_uid not in owners:
        raise PermissionError(f"{folder} belongs to somebody else: remove it, or set TMPDIR")
    folder.chmod(0o700)
    give(folder, account)
    return folder
