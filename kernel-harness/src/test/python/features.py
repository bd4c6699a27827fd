# SPDX-License-Identifier: Apache-2.0
"""Tries what a file system offers, in a folder of it, as root.

usage: features.py FOLDER

Prints a line for each feature: its name, a tab, and yes, or the error's name, or what was seen.
"""
import ctypes
import errno
import fcntl
import mmap
import os
import socket
import stat
import struct
import sys

libc = ctypes.CDLL(None, use_errno=True)
folder = os.fsencode(sys.argv[1])
features = []
AT_FDCWD = -100
FS_IOC_GETFLAGS, FS_IOC_SETFLAGS, FS_IOC_FIEMAP = 0x80086601, 0x40086602, 0xC020660B
IMMUTABLE, APPEND = 0x10, 0x20
PAGE = 4096


def feature(name):
    """Registers a probe, which gets a path that is free, and returns what was seen or nothing."""

    def register(probe):
        features.append((name, probe))
        return probe

    return register


def write(path, content=b"content"):
    with open(path, "wb") as file:
        file.write(content)
    return path


def read(path):
    with open(path, "rb") as file:
        return file.read()


def refused(code, action, *arguments):
    """Requires an error."""
    try:
        action(*arguments)
    except OSError as error:
        assert error.errno == code, error
        return
    raise AssertionError("not refused")


def as_user(action):
    """Runs it as another user, in a child; returns the error's number or 0."""
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setgid(1000)
            os.setuid(1000)
            action()
            os._exit(0)
        except OSError as error:
            os._exit(error.errno)
        except BaseException:
            os._exit(255)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@feature("hard links")
def _(path):
    write(path)
    os.link(path, path + b"2")
    assert os.stat(path).st_nlink == 2


@feature("symbolic links of 59 and of 200 bytes")
def _(path):
    for target in b"t" * 59, b"t" * 200:
        os.symlink(target, path + target)
        assert os.readlink(path + target) == target


@feature("devices, pipes and sockets")
def _(path):
    os.mknod(path, stat.S_IFCHR | 0o600, os.makedev(259, 70000))
    assert os.stat(path).st_rdev == os.makedev(259, 70000)
    os.mkfifo(path + b"p")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path + b"s")


@feature("names of 255 bytes that are no UTF-8")
def _(path):
    name = os.path.join(os.path.dirname(path), b"\xff" * 255)
    write(name)
    assert read(name) == b"content"


@feature("an unlinked file lives while it is open")
def _(path):
    file = os.open(path, os.O_RDWR | os.O_CREAT)
    os.unlink(path)
    os.write(file, b"content")
    assert os.pread(file, 7, 0) == b"content"
    os.close(file)


def renameat2(path, other, flags):
    if libc.renameat2(AT_FDCWD, path, AT_FDCWD, other, flags) != 0:
        raise OSError(ctypes.get_errno(), "renameat2")


@feature("rename onto a file, and of a directory onto an empty one")
def _(path):
    write(path)
    os.rename(path, write(path + b"2", b"gone"))
    assert read(path + b"2") == b"content"
    os.mkdir(path)
    os.mkdir(path + b"3")
    os.rename(path, path + b"3")


@feature("RENAME_NOREPLACE")
def _(path):
    write(path)
    renameat2(path, path + b"2", 1)
    refused(errno.EEXIST, renameat2, path + b"2", write(path), 1)


@feature("RENAME_EXCHANGE")
def _(path):
    renameat2(write(path), write(path + b"2"), 2)


@feature("O_TMPFILE, and a name for it")
def _(path):
    folder = os.path.dirname(path)
    named = os.open(folder, os.O_TMPFILE | os.O_RDWR)
    os.write(named, b"content")
    link_follow = 0x400
    assert libc.linkat(AT_FDCWD, b"/proc/self/fd/%d" % named, AT_FDCWD, path, link_follow) == 0
    assert read(path) == b"content" and os.fstat(named).st_nlink == 1
    os.close(named)
    refusing = os.open(folder, os.O_TMPFILE | os.O_RDWR | os.O_EXCL)
    assert libc.linkat(AT_FDCWD, b"/proc/self/fd/%d" % refusing, AT_FDCWD, path + b"2", link_follow) != 0
    assert ctypes.get_errno() == errno.ENOENT
    os.close(refusing)


@feature("fallocate")
def _(path):
    with open(write(path), "r+b") as file:
        if libc.fallocate(file.fileno(), 0, ctypes.c_long(0), ctypes.c_long(1 << 20)) != 0:
            raise OSError(ctypes.get_errno(), "fallocate")


@feature("holes: blocks only where data are, to 4 GiB")
def _(path):
    with open(path, "wb") as file:
        file.seek(4 << 30)
        file.write(b"content")
    assert os.stat(path).st_size == (4 << 30) + 7
    assert os.stat(path).st_blocks <= 64, os.stat(path).st_blocks


@feature("SEEK_HOLE finds holes")
def _(path):
    with open(path, "wb") as file:
        file.truncate(1 << 20)
    with open(path, "rb") as file:
        return "yes" if os.lseek(file.fileno(), 0, os.SEEK_HOLE) == 0 else "the whole file is data"


@feature("FIEMAP")
def _(path):
    with open(write(path, b"x" * PAGE), "r+b") as file:
        os.fsync(file.fileno())
        request = bytearray(struct.pack("=QQIIII", 0, 1 << 30, 1, 0, 10, 0) + bytes(560))
        fcntl.ioctl(file.fileno(), FS_IOC_FIEMAP, request)
        assert struct.unpack_from("=I", request, 20)[0] == 1


@feature("O_DIRECT")
def _(path):
    memory = mmap.mmap(-1, PAGE)
    memory.write(b"d" * PAGE)
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_DIRECT)
    assert os.writev(file, [memory]) == PAGE
    os.close(file)
    assert read(path) == b"d" * PAGE


@feature("shared mappings")
def _(path):
    with open(write(path, bytes(2 * PAGE)), "r+b") as file:
        mapped = mmap.mmap(file.fileno(), 2 * PAGE)
        mapped[PAGE : PAGE + 7] = b"content"
        mapped.flush()
        mapped.close()
    assert read(path)[PAGE : PAGE + 7] == b"content"


@feature("fsync of files and directories")
def _(path):
    for place in write(path), os.path.dirname(path):
        file = os.open(place, os.O_RDONLY)
        os.fsync(file)
        os.close(file)


@feature("locks of flock and fcntl")
def _(path):
    with open(write(path), "r+b") as one, open(path, "r+b") as other:
        fcntl.flock(one, fcntl.LOCK_EX)
        refused(errno.EAGAIN, fcntl.flock, other, fcntl.LOCK_EX | fcntl.LOCK_NB)
        fcntl.lockf(one, fcntl.LOCK_EX)


@feature("permissions of other users")
def _(path):
    os.chmod(write(path), 0o600)
    os.mkdir(path + b"d")
    os.chmod(path + b"d", 0o755)
    return errors(
        as_user(lambda: read(path)) == errno.EACCES,
        as_user(lambda: write(path + b"d/f")) == errno.EACCES,
    )


@feature("the sticky bit")
def _(path):
    os.mkdir(path)
    os.chmod(path, 0o1777)
    write(path + b"/f")
    return errors(as_user(lambda: os.unlink(path + b"/f")) in (errno.EPERM, errno.EACCES))


@feature("set-group-id directories")
def _(path):
    os.mkdir(path)
    os.chown(path, 0, 1000)
    os.chmod(path, 0o2755)
    os.mkdir(path + b"/d")
    return errors(os.stat(path + b"/d").st_gid == 1000, os.stat(path + b"/d").st_mode & 0o2000)


def errors(*held):
    return "yes" if all(held) else "no"


@feature("chattr +i and +a")
def _(path):
    with open(write(path), "rb") as file:
        for flags in IMMUTABLE, APPEND:
            fcntl.ioctl(file.fileno(), FS_IOC_SETFLAGS, struct.pack("=l", flags))
            try:
                refused(errno.EPERM, write, path)
            finally:
                fcntl.ioctl(file.fileno(), FS_IOC_SETFLAGS, struct.pack("=l", 0))


@feature("attributes: user, trusted, security")
def _(path):
    write(path)
    for name in "user.a", "trusted.a", "security.a":
        os.setxattr(path, name, b"value")
        assert os.getxattr(path, name) == b"value"
    assert len(os.listxattr(path)) == 3


@feature("access control lists")
def _(path):
    write(path)
    os.chmod(path, 0o640)
    # Version 2: owner rw, user 1000 r, group r, mask r, others none.
    entries = [(1, 6, -1), (2, 4, 1000), (4, 4, -1), (16, 4, -1), (32, 0, -1)]
    acl = struct.pack("<I", 2) + b"".join(struct.pack("<HHi", *entry) for entry in entries)
    os.setxattr(path, "system.posix_acl_access", acl)
    return errors(as_user(lambda: read(path)) == 0, os.stat(path).st_mode & 0o777 == 0o640)


@feature("default access control lists are inherited")
def _(path):
    os.mkdir(path)
    entries = [(1, 7, -1), (2, 7, 1000), (4, 5, -1), (16, 7, -1), (32, 0, -1)]
    acl = struct.pack("<I", 2) + b"".join(struct.pack("<HHi", *entry) for entry in entries)
    os.setxattr(path, "system.posix_acl_default", acl)
    os.mkdir(path + b"/d")
    assert os.getxattr(path + b"/d", "system.posix_acl_default") == acl


@feature("times below a second")
def _(path):
    os.utime(write(path), ns=(1_500_000_000, 1_500_000_000))
    return "yes" if os.stat(path).st_mtime_ns % 1_000_000_000 else "whole seconds"


for number, (name, probe) in enumerate(features):
    place = os.path.join(folder, b"%d" % number)
    os.mkdir(place)
    os.chmod(place, 0o755)
    try:
        result = probe(os.path.join(place, b"f")) or "yes"
    except OSError as error:
        result = errno.errorcode.get(error.errno, str(error.errno))
    except AssertionError as error:
        result = "no"
    print(name, result, sep="\t")
