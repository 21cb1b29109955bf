import subprocess
import sys
import venv

venv.create("env", with_pip=False)
print(subprocess.check_output(["env/bin/python", "-c", "import sys; print(sys.prefix != sys.base_prefix, sys.executable)"], text=True))
print(subprocess.check_output([sys.executable, "-I", "-c", "import sys; print(sys.path[0], sys.flags.isolated)"], text=True))
print(
    subprocess.check_output(
        [sys.executable, "-S", "-E", "-B", "-O", "-W", "error", "-X", "utf8", "-c", "import sys; print(sys.flags, 'site' in sys.modules)"],
        text=True,
    )
)
print(subprocess.run([sys.executable, "-m", "json.tool"], input='{"a":1}', capture_output=True, text=True).stdout)
print(subprocess.run([sys.executable], input="print(1 +\n1)", capture_output=True, text=True))
print(subprocess.run([sys.executable, "-m", "compileall", "-q", "."], capture_output=True, text=True).returncode)
