"""./onpyrunner runtimes: the Pythons that programs can be run with, beside this machine's own. docs/runtimes.md is for readers."""

import argparse
import json
import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

HOME = Path(__file__).resolve().parent.parent
SHIPPED = HOME / "nsjail" / "runtimes"
FILE = "runtime.json"
NAME = re.compile(r"[a-z0-9][a-z0-9.-]{0,31}")
MERGED = {"bin", "lib", "lib64", "sbin"}  # are in /usr, but packages before Debian 13 have some of it beside that
OWN = "python3-"  # how the name of a runtime begins that is this machine's Python with packages


class Failed(Exception):
    """Said to the user as it is."""


def say(text):
    print(f"onpyrunner: {text}", file=sys.stderr, flush=True)


def described(folder):
    """What a runtime's file says; its lines of comment are taken out."""
    path = folder / FILE
    try:
        text = path.read_text()
    except OSError as e:
        raise Failed(f"{path} cannot be read: {e.strerror}") from None
    try:
        return json.loads(re.sub(r"(?m)^\s*//.*$", "", text))
    except ValueError as e:
        raise Failed(f"{path} is not JSON: {e}") from None


def language(python):
    """The version of an interpreter of this machine, such as 3.11."""
    said = subprocess.run([python, "-IS", "-c", "import sys; print('%d.%d' % sys.version_info[:2])"], capture_output=True, text=True)
    if said.returncode:
        raise Failed(f"{python} cannot be run: {said.stderr.strip()}")
    return said.stdout.strip()


def run(what, command, log, **options):
    if what:
        say(f"{what} …")
    with open(log, "ab") as file:
        code = subprocess.run(list(map(str, command)), stdin=subprocess.DEVNULL, stdout=file, stderr=file, **options).returncode
    if code:
        end = "\n".join("  | " + line for line in Path(log).read_text(errors="replace").splitlines()[-15:])
        raise Failed(f"{what or command[0]} failed. It said:\n{end}")


def install_packages(new, recipe, python, log):
    """Wheels only, each with a hash that was written down before: nothing is built or run here."""
    pip = [python, "-I", "-m", "pip", "--disable-pip-version-check", "--no-input", "install", "--no-cache-dir", "--no-compile", "--no-deps"]
    target = new / "packages"
    run(
        "downloading packages",
        [*pip, "--only-binary", ":all:", "--require-hashes", "--target", target, "-r", recipe / "requirements.txt"],
        log,
        env={**os.environ, "PIP_USER": "0", "PIP_REQUIRE_VIRTUALENV": "0", "PIP_ROOT_USER_ACTION": "ignore"},
    )
    run("compiling them", [python, "-I", "-m", "compileall", "-q", "-j", "0", "-x", "/tests?/", target], log)


def archive():
    """Where this machine's Debian packages come from."""
    files = [Path("/etc/apt/sources.list"), *sorted(Path("/etc/apt/sources.list.d").glob("*"))]
    for path in files:
        if path.suffix in (".list", ".sources") and path.is_file():
            found = re.search(r"(?m)^(?:deb (?:\[.*?\] )?|URIs: *)(\S+/debian/?)(?:\s|$)", path.read_text())
            if found:
                return found.group(1)
    raise Failed("no source of Debian packages is named in /etc/apt: this runtime needs a Debian system")


def unpack_debian(new, wanted, log):
    """
    Packages of a Debian release with all that they need, unpacked in a folder: nothing of them is run, and none is installed.
    Brings the version of CPython among them, if it is there.
    """
    for tool in ("apt-get", "dpkg"):
        if not shutil.which(tool):
            raise Failed(f"there is no {tool} here: this runtime needs a Debian system")
    with tempfile.TemporaryDirectory(prefix="onpyrunner-apt-") as folder:
        folder = Path(folder)
        folder.chmod(0o755)  # apt downloads as a user of its own
        for name in ("lists/partial", "cache/archives/partial", "state"):
            (folder / name).mkdir(parents=True)
        keys = "/usr/share/keyrings/debian-archive-keyring.gpg"
        signed = f" [signed-by={keys}]" if Path(keys).exists() else ""
        (folder / "sources.list").write_text(f"deb{signed} {archive()} {wanted['suite']} main\n")
        (folder / "status").touch()
        options = [f"Dir::Etc::sourcelist={folder}/sources.list", "Dir::Etc::sourceparts=-", f"Dir::State={folder}/state"]
        options += [f"Dir::State::lists={folder}/lists", f"Dir::State::status={folder}/status", f"Dir::Cache={folder}/cache"]
        options += ["Debug::NoLocking=true", "APT::Install-Recommends=false"]
        if os.geteuid() == 0:
            options.append("APT::Sandbox::User=root")
        apt = ["apt-get", "-q", "-y", *(word for option in options for word in ("-o", option))]
        run(f"reading what {wanted['suite']} has", [*apt, "update"], log)
        run("downloading packages", [*apt, "--download-only", "install", *wanted["packages"]], log)
        packages = sorted((folder / "cache" / "archives").glob("*.deb"))
        say(f"unpacking {len(packages)} packages …")
        for package in packages:
            run(None, ["dpkg", "-x", package, new / "root"], log)
        found = (re.fullmatch(r"python3\.\d+_(\d+\.\d+\.\d+)[^_]*_.*\.deb", package.name) for package in packages)
        version = next((match.group(1) for match in found if match), None)
    root = new / "root"
    for entry in root.iterdir():
        if entry.name == "usr":
            continue
        if entry.is_symlink() or not entry.is_dir():
            entry.unlink()
            continue
        if entry.name in MERGED:
            shutil.copytree(entry, root / "usr" / entry.name, symlinks=True, dirs_exist_ok=True)
        shutil.rmtree(entry)
    for link, target in wanted.get("links", {}).items():
        (root / link).symlink_to(target)
    return version


def reachable(folder):
    """Jails run as users of their own, who must be able to get there."""
    for parent in [folder, *folder.parents]:
        if not stat.S_IMODE(parent.stat().st_mode) & stat.S_IXOTH:
            raise Failed(
                f"{parent} is closed to other users, and jails run as users of their own. Type: chmod o+x {parent}\n"
                "  Or choose another place for runtimes: export ONPY_RUNNER_RUNTIMES_DIR=/srv/onpyrunner-runtimes"
            )


def add(options):
    shipped = SHIPPED / options.runtime
    recipe = shipped if shipped.is_dir() and "/" not in options.runtime else Path(options.runtime)
    if not recipe.is_dir():
        names = ", ".join(sorted(p.parent.name for p in SHIPPED.glob(f"*/{FILE}")))
        raise Failed(f"there is no runtime '{options.runtime}' to add. There are: {names}; or give a folder of your own")
    recipe = recipe.resolve()
    description = described(recipe)
    name = recipe.name
    if name.startswith(OWN):
        name = f"python{language(options.python)}-{name.removeprefix(OWN)}"
    if not NAME.fullmatch(name):
        raise Failed(f"'{name}' is no name for a runtime: up to 32 small letters, digits, dots and hyphens")
    folder = options.dir / name
    if folder.exists() and not options.replace:
        raise Failed(f"{name} is there already, in {folder}. --replace makes it anew")
    options.dir.mkdir(parents=True, exist_ok=True)
    options.dir.chmod(options.dir.stat().st_mode | 0o055)
    reachable(options.dir.resolve())
    new = options.dir / f".new-{name}"  # no node looks at names that begin with a dot
    shutil.rmtree(new, ignore_errors=True)
    old = options.dir / f".old-{name}"
    try:
        shutil.copytree(recipe, new, ignore=shutil.ignore_patterns("__pycache__"))
        log = new / "setup.log"
        if (recipe / "debian.json").exists():
            version = unpack_debian(new, json.loads((recipe / "debian.json").read_text()), log)
            if not description.setdefault("version", version):
                raise Failed("there is no Python among the packages of debian.json, and no version in runtime.json")
        if (recipe / "requirements.txt").exists():
            if "usr" in description:
                raise Failed(f"{name} has both usr and requirements.txt: packages can be installed for this machine's own Python only")
            install_packages(new, recipe, description.get("python", options.python), log)
        if (recipe / "modules").is_dir():
            shutil.copytree(recipe / "modules", new / "packages", ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True)
            shutil.rmtree(new / "modules")
        (new / FILE).write_text(json.dumps(description, indent=2) + "\n")
        log.unlink(missing_ok=True)
        run("making it readable", ["chmod", "-R", "a+rX", new], os.devnull)
        shutil.rmtree(old, ignore_errors=True)
        if folder.exists():
            folder.rename(old)
        new.rename(folder)
    finally:
        shutil.rmtree(new, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)
    print(f"{name} is in {folder}. Nodes have it from their next start; try it: ./onpyrunner runtimes test {name}")


def size(folder):
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


def list_all(options):
    own = language(options.python)
    installed = []
    for path in sorted(options.dir.glob(f"[!.]*/{FILE}")):
        description = described(path.parent)
        packages = path.parent / description.get("packages", "packages")
        installed.append({
            "name": path.parent.name,
            "description": description.get("description", ""),
            "version": description.get("version", own),
            "packages": len(list(packages.glob("*.dist-info"))),
            "preload": description.get("preload", []),
            "size_bytes": size(path.parent),
        })  # fmt: skip
    to_add = []
    for path in sorted(SHIPPED.glob(f"*/{FILE}")):
        to_add.append({"name": path.parent.name, "description": described(path.parent).get("description", "")})
    if options.json:
        print(json.dumps({"folder": str(options.dir), "machine": f"python{own}", "installed": installed, "to_add": to_add}, indent=2))
        return
    print(f"{'RUNTIME':24} {'PYTHON':8} {'PACKAGES':>8} {'SIZE':>8}")
    print(f"{'python' + own:24} {own:8} {'-':>8} {'-':>8}  This machine's own Python.")
    for r in installed:
        print(f"{r['name']:24} {r['version']:8} {r['packages']:8} {r['size_bytes'] / 1e6:5.0f} MB  {r['description']}")
    print("\nTo add: ./onpyrunner runtimes add NAME")
    for r in to_add:
        print(f"{r['name']:24} {r['description']}")


def installed_folder(options):
    folder = options.dir / options.runtime
    if not NAME.fullmatch(options.runtime) or not (folder / FILE).exists():
        names = ", ".join(sorted(p.parent.name for p in options.dir.glob(f"[!.]*/{FILE}"))) or "none"
        raise Failed(f"there is no runtime '{options.runtime}' in {options.dir}. There are: {names}")
    return folder


def remove(options):
    folder = installed_folder(options)
    gone = options.dir / f".old-{options.runtime}"
    shutil.rmtree(gone, ignore_errors=True)
    folder.rename(gone)
    shutil.rmtree(gone)
    print(f"{options.runtime} is removed. Stop nodes that have it before you remove one.")


def uv(options):
    print(
        f"uv is in {os.environ.get('ONPY_DEPENDENCIES_UV', 'no known place')}. Programs get the packages that they name once the settings"
        " dependencies.enabled and dependencies.allowed say so: docs/dependencies.md"
    )


def test(options):
    folder = installed_folder(options)
    program = folder / "test.py"
    if not program.exists():
        raise Failed(f"{options.runtime} has no test.py")
    environment = {
        **os.environ, "ONPY_RUNNER_RUNTIMES_DIR": str(options.dir), "ONPY_RUNNER_RUNTIMES": options.runtime, "ONPY_DATA_DIR": tempfile.gettempdir() + "/none",
    }  # fmt: skip
    limits = ["--limit", "cpu_ms=60000", "--limit", "wall_ms=60000", "--limit", f"memory_bytes={1 << 30}"]
    command = [str(HOME / "onpyrunner"), "run", "--runtime", options.runtime, *limits, str(program)]
    sys.exit(subprocess.run(command, stdin=subprocess.DEVNULL, env=environment).returncode)


def main():
    parser = argparse.ArgumentParser(prog="./onpyrunner runtimes", description="The Pythons that programs can be run with.")
    default = Path(os.environ.get("ONPY_RUNNER_RUNTIMES_DIR") or HOME / ".onpyrunner" / "runtimes")
    parser.add_argument("--dir", type=Path, default=default, help=f"the folder of runtimes (default: {default})")
    parser.add_argument("--python", default="/usr/bin/python3", help=argparse.SUPPRESS)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    one = commands.add_parser("list", help="what is installed here, and what can be added")
    one.add_argument("--json", action="store_true", help="as JSON")
    one.set_defaults(run=list_all)
    one = commands.add_parser("add", help="add one that is shipped, or one of your own")
    one.add_argument("runtime", metavar="NAME|FOLDER", help="a name of the list; or a folder with a runtime.json")
    one.add_argument("--replace", action="store_true", help="when it is there already, make it anew")
    one.set_defaults(run=add)
    one = commands.add_parser("remove", help="remove one")
    one.add_argument("runtime", metavar="NAME")
    one.set_defaults(run=remove)
    one = commands.add_parser("test", help="run its own test in a jail")
    one.add_argument("runtime", metavar="NAME")
    one.set_defaults(run=test)
    one = commands.add_parser("uv", help="fetch uv, which installs what programs name themselves")
    one.set_defaults(run=uv)
    options = parser.parse_args()
    try:
        options.run(options)
    except Failed as e:
        say(e)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


main()
