import os
import subprocess
import sys

print(subprocess.run(["echo", "hello"], capture_output=True, text=True))
print(
    subprocess.run(
        [sys.executable, "-c", "import sys; print(len(sys.stdin.read()))"], input="x" * 200000, capture_output=True, text=True
    ).stdout
)
print(subprocess.run("echo $((6 * 7)); exit 3", shell=True, stdout=subprocess.PIPE))
print(subprocess.getstatusoutput("cat missing 2>/dev/null || echo none"))
print(subprocess.check_output(["sort"], input=b"b\na\nc\n"))
first = subprocess.Popen(["printf", "3\\n1\\n2\\n"], stdout=subprocess.PIPE)
second = subprocess.Popen(["sort"], stdin=first.stdout, stdout=subprocess.PIPE)
first.stdout.close()
print(second.communicate(), first.wait())
for attempt in (["false"], ["no-such-program"]):
    try:
        subprocess.run(attempt, check=True)
    except (subprocess.CalledProcessError, FileNotFoundError) as error:
        print(repr(error))
try:
    subprocess.run(["sleep", "10"], timeout=0.05)
except subprocess.TimeoutExpired as error:
    print(error.cmd, error.output)
print(subprocess.run([sys.executable, "-c", "import os; os.kill(os.getpid(), 9)"]).returncode)
print(subprocess.run(["env"], env={"ONLY": "this"}, capture_output=True).stdout)
print(subprocess.run(["pwd"], cwd="/usr", capture_output=True).stdout)
print(os.system("exit 4"), os.popen("echo popen").read())
sys.stdout.flush()
subprocess.run("echo to stdout; echo to stderr >&2", shell=True)
with subprocess.Popen(
    [sys.executable, "-u", "-c", "print(input()); print(input())"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
) as talk:
    for word in ("one", "two"):
        talk.stdin.write(word + "\n")
        talk.stdin.flush()
        print(talk.stdout.readline())
