"""Where things are on the pod's machine, and whom they belong to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

WEB_SOCKET = Path("/run/diaspora-web/web.sock")
WEB_PID = Path("/run/diaspora-web/web.pid")
REDIS_SOCKET = Path("/run/redis/redis-server.sock")
AUTHORITIES = Path("/etc/ssl/certs/ca-certificates.crt")
DATABASE_AUTHORITIES = Path("/usr/share/diaspora/rds-ca.pem")
CONSOLE = Path("/dev/console")


@dataclass(frozen=True)
class Machine:
    """The tree that the program works in, its owner, and the user that the application runs as."""

    root: Path = Path("/")
    owner: str = "root"
    group: str = "root"
    app_user: str = "diaspora"
    app_group: str = "diaspora"

    @property
    def settings(self) -> Path:
        """What the stack told the pod."""
        return self.root / "etc/diaspora/pod.json"

    @property
    def schema(self) -> Path:
        """What the settings must look like."""
        return self.root / "usr/share/diaspora/pod.schema.json"

    @property
    def templates(self) -> Path:
        """From what the files are made."""
        return self.root / "usr/share/diaspora/templates"

    @property
    def app(self) -> Path:
        """The application."""
        return self.root / "opt/diaspora"

    @property
    def own_assets(self) -> Path:
        """The public assets that the image brings."""
        return self.app / "public/assets"

    @property
    def known_assets(self) -> Path:
        """What the build knew of all images' public assets, as sha256sum writes it."""
        return self.root / "usr/share/diaspora/assets.sha256"

    @property
    def older_assets(self) -> Path:
        """Other images' public assets; nginx looks here when the image has no such file."""
        return self.root / "var/lib/diaspora-assets/assets"

    @property
    def admin_script(self) -> Path:
        """What makes an admin, run inside the application."""
        return self.root / "usr/share/diaspora/admin.rb"

    @property
    def import_script(self) -> Path:
        """What imports an account, run inside the application."""
        return self.root / "usr/share/diaspora/import.rb"

    @property
    def manifest(self) -> Path:
        """What is in the image."""
        return self.root / "usr/share/diaspora/manifest.json"

    @property
    def nginx(self) -> Path:
        """What nginx includes."""
        return self.root / "etc/nginx/diaspora"

    @property
    def pages(self) -> Path:
        """The pages that nginx shows when the application cannot."""
        return self.root / "var/lib/diaspora-pages"

    @property
    def support_bundle(self) -> Path:
        """What a person may send to a stranger."""
        return self.root / "var/lib/diaspora-support/support-bundle.tar.gz"

    @property
    def run(self) -> Path:
        """What holds for this boot only."""
        return self.root / "run/diaspora"

    @property
    def moving(self) -> Path:
        """Held by whoever moves the pod to another database, and by nobody else."""
        return self.run / "moving"

    @property
    def worries(self) -> Path:
        """When the admin was last told of what."""
        return self.root / "var/lib/diaspora-worries/told"

    @property
    def handed_over(self) -> Path:
        """Holds the name of a hand-over while nobody knows whether it has arrived."""
        return self.root / "var/lib/diaspora-handover/name"

    @property
    def signalled(self) -> Path:
        """Holds the id of the instance whose first boot is over."""
        return self.root / "var/lib/diaspora-boot/signalled"
