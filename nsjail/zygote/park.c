// The part of a zygote that Python cannot do: it copies itself into jails.
//
//   serve(path)   in the zygote: listens at `path`, and makes a forker for each caller. Returns once for each jail, in the copy that is the
//                 jail's interpreter: inside all of the jail's namespaces, without any right, with the descriptors that init.c gives an
//                 interpreter. Never returns in the zygote or in a forker; both end when nobody needs them.
//   keep(object)  gives an object one reference too many: the interpreter's end will not look at it.
//
// A caller is a slot: its connection is passed on to its listening nsjail, and the pid 1 of each of that nsjail's jails finds it (init.c).
// The forker of a slot is in the slot's control group, so that what it copies is counted there from the start.
//
// Three processes make one copy:
//   forker  vfork
//   A       joins the jail's namespaces (its credentials and namespaces are its own, the memory is still the forker's)
//   B       the first in the jail's pid namespace, so that what it leaves behind is adopted by the jail's pid 1; vfork, too
//   C       the copy: the only fork that copies page tables
// A and B have the forker's memory, and rights in the jail. C therefore goes on only when B is gone, and no program is in the jail before C
// has read the job.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

// What is needed of CPython's stable ABI (https://docs.python.org/3/c-api/stable.html), so that no header of one version is.
typedef struct object Object;
typedef struct {
  const char *name;
  Object *(*function)(Object *self, Object *argument);
  int flags;
  const char *doc;
} Method;
typedef struct {
  struct {
    intptr_t references;
    void *type, *init;
    intptr_t index;
    void *copy;
  } base;
  const char *name, *doc;
  intptr_t size;
  Method *methods;
  void *slots, *traverse, *clear, *release;
} Module;
#define ONE_ARGUMENT 8
#define ABI 3
extern Object *PyModule_Create2(Module *module, int version);
extern Object *PyUnicode_EncodeFSDefault(Object *text);
extern char *PyBytes_AsString(Object *bytes);
extern Object *PyErr_SetFromErrno(Object *type);
extern Object *PyExc_OSError;
extern Object *PyLong_FromLong(long number);
extern void Py_IncRef(Object *object);
extern void PyOS_BeforeFork(void);
extern void PyOS_AfterFork_Child(void);

// The request of a jail's pid 1, and its descriptors; init.c knows the same ones.
#define REQUEST 'P'
enum { JAIL, WORKER, STDIN, STDOUT, STDERR, GATE, DESCRIPTORS };
// Where an interpreter finds them; init.c and bootstrap.py know the same numbers.
enum { AT_SOCKET_IN = 0, AT_SOCKET_OUT = 1, AT_ERRORS = 2, AT_STDIN = 10, AT_STDOUT = 11, AT_STDERR = 12, AT_GATE = 13, FREE = 40 };

#define NAMESPACES (CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP)
#define USER 1000     // in the jail
#define HOME "/work"
#define PROCESSES 1024 // as rlimit_nproc in job.cfg
#define CALLERS 64    // that may wait

static sigset_t signals_before;

// 1 and the descriptors, 0 for what is no request, -1 when the slot's nsjail has ended.
static int receive(int slot, int *descriptors) {
  char type[8];
  union {
    char bytes[CMSG_SPACE(sizeof(int) * DESCRIPTORS)];
    struct cmsghdr align;
  } control;
  struct iovec data = {type, sizeof type};
  struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes};
  ssize_t n = recvmsg(slot, &message, MSG_CMSG_CLOEXEC);
  if (n <= 0) return n < 0 && errno == EINTR ? 0 : -1;
  struct cmsghdr *rights = CMSG_FIRSTHDR(&message);
  if (!rights || rights->cmsg_level != SOL_SOCKET || rights->cmsg_type != SCM_RIGHTS) return 0;
  int count = (int)((rights->cmsg_len - CMSG_LEN(0)) / sizeof(int));
  memcpy(descriptors, CMSG_DATA(rights), (size_t)count * sizeof(int));
  if (count == DESCRIPTORS && n == 1 && type[0] == REQUEST) return 1;
  while (count) close(descriptors[--count]);
  return 0;
}

// In C: gives up every right that came with the jail's user namespace, for good.
static int drop(void) {
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct none[2] = {{0}, {0}};
  struct sock_filter filter[] = { // what a zygote must be allowed; the rest of deny.kafel is inherited from it
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_setns, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone3, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
  prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  for (int capability = 0; prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; capability++)
    if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)) return 1;
  if (setresgid(USER, USER, USER) || setresuid(USER, USER, USER)) return 2;
  if (syscall(SYS_capset, &header, none)) return 3;
  if (prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)) return 4; // as after an exec: setresuid has cleared it
  if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1) return 5;
  if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program)) return 6;
  if (setrlimit(RLIMIT_NPROC, &(struct rlimit){PROCESSES, PROCESSES})) return 7; // a zygote has the node's
  return chdir(HOME) ? 8 : 0;
}

// In C: what init.c does between vfork and exec, then the end of all rights.
static void settle(int *descriptors) {
  setsid();
  int at[DESCRIPTORS];
  for (int k = WORKER; k < DESCRIPTORS; k++)
    if ((at[k] = fcntl(descriptors[k], F_DUPFD, FREE)) < 0) _exit(101); // a dup2 below must not overwrite another one
  if (dup2(at[WORKER], AT_SOCKET_IN) < 0 || dup2(at[WORKER], AT_SOCKET_OUT) < 0 || dup2(at[STDERR], AT_ERRORS) < 0 || dup2(at[STDIN], AT_STDIN) < 0 ||
      dup2(at[STDOUT], AT_STDOUT) < 0 || dup2(at[STDERR], AT_STDERR) < 0 || dup2(at[GATE], AT_GATE) < 0)
    _exit(102);
  if (syscall(SYS_close_range, AT_ERRORS + 1, AT_STDIN - 1, 0) || syscall(SYS_close_range, AT_GATE + 1, ~0U, 0)) _exit(103);
  while (getppid() != 1) sched_yield(); // B has rights here until it is gone, a moment from now
  int failed = drop();
  if (failed) _exit(110 + failed);
  if (write(AT_GATE, (unsigned char[]){(unsigned char)getpid()}, 1) != 1) _exit(104);
}

// vfork with a number in the jail: B takes one that nobody needs, and so C gets the next one after pid 1, as an interpreter that was started
// there. In line, not a function: B must not return over a frame that A still needs.
#define B_NUMBER 30000
#if defined(__x86_64__)
#define SYSTEM_CALL(number, first, second) ({ \
  long result; \
  __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(first), "S"(second) : "rcx", "r11", "memory"); \
  result; \
})
#elif defined(__aarch64__)
#define SYSTEM_CALL(number, first, second) ({ \
  register long result __asm__("x0") = (long)(first); \
  register long other __asm__("x1") = (long)(second); \
  register long call __asm__("x8") = (number); \
  __asm__ volatile("svc 0" : "+r"(result) : "r"(other), "r"(call) : "memory"); \
  result; \
})
#endif

// Returns in C.
static void fork_into_jails(int slot) {
  for (;;) {
    int descriptors[DESCRIPTORS], status;
    int received = receive(slot, descriptors);
    if (received < 0) _exit(0);
    if (!received) continue;
    pid_t a = vfork();
    if (!a) {
      if (setns(descriptors[JAIL], NAMESPACES)) _exit(11);
      pid_t number = B_NUMBER;
      struct clone_args b_is = {
          .flags = CLONE_VM | CLONE_VFORK, .exit_signal = SIGCHLD, .set_tid = (uintptr_t)&number, .set_tid_size = 1};
      pid_t b = (pid_t)SYSTEM_CALL(SYS_clone3, &b_is, sizeof b_is);
      if (!b) {
        pid_t c = fork();
        if (!c) {
          settle(descriptors);
          return;
        }
        _exit(c < 0 ? 13 : 0);
      }
      if (b < 0 || waitpid(b, &status, __WALL) < 0) _exit(12);
      _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 14);
    }
    for (int k = 0; k < DESCRIPTORS; k++) close(descriptors[k]); // if there is no copy, pid 1 sees the end of its gate
    while (a > 0 && waitpid(a, &status, __WALL) < 0 && errno == EINTR) {
    }
  }
}

static Object *serve(Object *self, Object *path) {
  (void)self;
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  Object *bytes = PyUnicode_EncodeFSDefault(path);
  if (!bytes) return NULL;
  strncpy(address.sun_path, PyBytes_AsString(bytes), sizeof address.sun_path - 1);
  int door = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  if (door < 0 || bind(door, (struct sockaddr *)&address, sizeof address) || listen(door, CALLERS)) return PyErr_SetFromErrno(PyExc_OSError);
  sigset_t all;
  sigfillset(&all);
  PyOS_BeforeFork();
  sigprocmask(SIG_BLOCK, &all, &signals_before);
  for (;;) {
    struct pollfd watch[] = {{door, POLLIN, 0}, {STDIN_FILENO, POLLIN, 0}}; // stdin is the worker's life line
    if (poll(watch, 2, 1000) < 0 && errno != EINTR) _exit(1);
    while (waitpid(-1, NULL, WNOHANG) > 0) {
    }
    if (watch[1].revents) _exit(0);
    if (!(watch[0].revents & POLLIN)) continue;
    int slot = accept4(door, NULL, NULL, SOCK_CLOEXEC);
    if (slot < 0) continue;
    if (!fork()) {
      close(door);
      // The caller learns our pid from the kernel, and moves us to the slot's control group before it passes the connection on.
      if (send(slot, "F", 1, MSG_NOSIGNAL) != 1) _exit(1);
      fork_into_jails(slot);
      sigprocmask(SIG_SETMASK, &signals_before, NULL);
      PyOS_AfterFork_Child();
      return PyLong_FromLong(0);
    }
    close(slot);
  }
}

static Object *keep(Object *self, Object *object) {
  (void)self;
  Py_IncRef(object);
  return PyLong_FromLong(0);
}

static Method methods[] = {{"serve", serve, ONE_ARGUMENT, 0}, {"keep", keep, ONE_ARGUMENT, 0}, {0, 0, 0, 0}};
static Module module = {.base = {.references = 1}, .name = "park", .size = -1, .methods = methods};

Object *PyInit_park(void) {
  return PyModule_Create2(&module, ABI);
}
