"""A finished image as a tree of files, and the commands that the checks ask beside it."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from diaspora_cf.generator import ROOT

PACKER = ROOT / "packer"
VALIDATE = PACKER / "scripts/validate.sh"
PROGRAMS = """
convert curl diaspora-pod identify mountpoint needrestart nft nginx pg_dump python3 redis-server
ruby s3fs sshd unattended-upgrade
""".split()
FILES = {
    "etc/machine-id": "",
    "etc/group": "root:x:0:\nsudo:x:27:ubuntu\nredis:x:110:diaspora\ndiaspora:x:999:www-data\n",
    "etc/passwd": (
        "root:x:0:0:root:/root:/bin/bash\n"
        "sync:x:4:65534:sync:/bin:/bin/sync\n"
        "diaspora:x:999:999::/var/lib/diaspora:/usr/sbin/nologin\n"
        "ubuntu:x:1000:1000::/home/ubuntu:/bin/bash\n"
    ),
    "etc/shadow": "root:!*:20000::::::\nubuntu:!:20000::::::\ndiaspora:!*:20000::::::\n",
    "etc/sudoers": "root ALL=(ALL:ALL) ALL\n%sudo ALL=(ALL:ALL) ALL\n",
    "etc/sudoers.d/90-cloud-init-users": "ubuntu ALL=(ALL) NOPASSWD:ALL\n",
    "etc/ssh/sshd_config.d/10-diaspora.conf": "PasswordAuthentication no\n",
    "etc/ssh/sshd_config.d/50-cloud-init.conf": "PasswordAuthentication yes\n",
    "etc/ssl/certs/ca-certificates.crt": "-----BEGIN CERTIFICATE-----\n",
    "usr/share/diaspora/metadata.nft": "table inet diaspora\n",
    "etc/systemd/system/multi-user.target.wants/diaspora.target": "",
    "etc/systemd/system/sysinit.target.wants/metadata-firewall.service": "",
    "etc/systemd/system/swap.target.wants/swapfile.swap": "",
    "etc/systemd/system/timers.target.wants/apt-daily.timer": "",
    "etc/systemd/system/timers.target.wants/apt-daily-upgrade.timer": "",
    "home/ubuntu/.bashrc": "",
    "opt/diaspora/.bundle/config": 'BUNDLE_FROZEN: "true"\n',
    "opt/diaspora/bin/puma": "",
    "opt/diaspora/config/initializers/sidekiq.rb": "",
    "opt/diaspora/public/source.tar.gz": "",
    "opt/diaspora/public/assets/.sprockets-manifest-0.json": "{}",
    "opt/diaspora/vendor/bundle/ruby/3.3.0/gems/ffi/lib/ffi_c.so": "",
    "opt/diaspora/vendor/compiled/x-0/bootsnap/compile-cache-iseq": "",
    "opt/diaspora/vendor/bundle/ruby/3.3.0/gems/some/test/key.pem": "-----BEGIN PRIVATE KEY-----\n",
    "usr/lib/diaspora/diaspora_pod/cli.py": "",
    "usr/lib/systemd/system/diaspora.target": "",
    "usr/lib/systemd/system/diaspora-.service.d/20-hardening.conf": "",
    "usr/lib/systemd/system/nginx.service.d/20-hardening.conf": "",
    "usr/libexec/diaspora/mount-uploads": "",
    "usr/share/diaspora/assets.sha256": "",
    "usr/share/diaspora/manifest.json": "{}",
    "usr/share/diaspora/rds-ca.pem": "-----BEGIN CERTIFICATE-----\n",
    "usr/share/diaspora/pod.schema.json": "{}",
    "var/lib/dpkg/status": "",
    **{f"usr/bin/{program}": "" for program in PROGRAMS},
}
FOLDERS = """
etc/diaspora etc/nginx/diaspora opt/diaspora/log opt/diaspora/tmp
opt/diaspora/public/uploads/images opt/diaspora/public/uploads/tmp
opt/diaspora/public/uploads/users root/.ssh var/lib/cloud/instances var/lib/diaspora-pages var/log
""".split()
# A file of a package that the maker of the base image changed.
CHANGED_BEFORE = "/etc/cloud/cloud.cfg"
SETTINGS_OF_APT = """\
APT::Periodic::Update-Package-Lists "1";
APT::Periodic::Unattended-Upgrade "1";
Unattended-Upgrade::Automatic-Reboot "false";"""
# What the checks ask, and what a good machine answers.
COMMANDS = {
    "apt-config": f"echo '{SETTINGS_OF_APT}'",
    "df": "echo ' Avail IAvail'; echo '  4000 200000'",
    "dpkg": f"echo '??5?????? c {CHANGED_BEFORE}'; echo 'missing     /usr/share/doc/x'",
    "dpkg-query": "echo 'ii ruby'; echo 'ii libidn12'; echo 'rc libidn-dev'",
    "ldconfig": "echo 'libcurl.so.4 (libc6) => /x'; echo 'libjemalloc.so.2 (libc6) => /x'",
    "ldd": "echo 'libc.so.6 => /lib/libc.so.6 (0x0)'",
    "nft": "",
    "nginx": "",
    "ss": (
        "echo 'tcp LISTEN 0 128 0.0.0.0:22 0.0.0.0:*'\n"
        "echo 'tcp LISTEN 0 128 [::]:80 [::]:*'\n"
        "echo 'udp UNCONN 0 0 127.0.0.53%lo:53 0.0.0.0:*'\n"
        "echo 'udp UNCONN 0 0 10.0.0.7%ens5:68 0.0.0.0:*'\n"
        "echo 'tcp LISTEN 0 128 [::1]:5432 [::]:*'"
    ),
    "systemctl": "",
    "systemd-analyze": "echo 'snapd.service: some unit of the distribution is odd' >&2",
}


@dataclass(frozen=True)
class Image:
    """A tree, the folder of the build, and the commands in front of the machine's own."""

    root: Path
    build: Path
    commands: Path

    def put(self, path: str, content: str = "", mode: int = 0o644) -> None:
        """Write a file of the image."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content, "utf-8")
        file.chmod(mode)

    def answer(self, command: str, script: str) -> None:
        """Let a command answer otherwise."""
        file = self.commands / command
        file.write_text(f"#!/bin/bash\n{script}\n", "utf-8")
        file.chmod(0o755)

    def validate(self, *checks: str) -> subprocess.CompletedProcess[str]:
        """Run these checks of validate.sh, or all."""
        return subprocess.run(
            ["bash", str(VALIDATE), *checks],
            env={
                "PATH": f"{self.commands}:{os.environ['PATH']}",
                "BUILD_DIR": str(self.build),
                "IMAGE_ROOT": str(self.root),
                "IMAGE_OWNER": str(os.getuid()),
            },
            capture_output=True,
            text=True,
            check=False,
        )


def good_image(folder: Path) -> Image:
    """An image that every check likes."""
    image = Image(folder / "image", folder / "build", folder / "commands")
    image.build.mkdir()
    (image.build / "scripts").symlink_to(PACKER / "scripts")
    (image.build / "changed-before").write_text(f"{CHANGED_BEFORE}\n", "utf-8")
    for name in FOLDERS:
        (image.root / name).mkdir(parents=True)
    for path, content in FILES.items():
        image.put(path, content)
    for folder_ in image.root.rglob("*"):
        if folder_.is_dir():
            folder_.chmod(0o755)
    for name in ("images", "users"):
        (image.root / "opt/diaspora/public/uploads" / name).chmod(0o555)
    image.commands.mkdir()
    for command, script in COMMANDS.items():
        image.answer(command, script)
    return image


def has(command: str) -> bool:
    """Whether this machine has the command."""
    return shutil.which(command) is not None
