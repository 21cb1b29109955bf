// pid 1 of a jail: it starts the interpreter and carries the job's bytes between the program and the worker.
//
//   init INTERPRETER FILE [ARGUMENT...]
//
// With a connection to a zygote's forker as descriptor 9 the interpreter is a copy of the zygote's, and these words name the one that it has.
//
// One Unix stream socket, /bay/s, leads to the worker. The program has three ordinary pipes, and never the socket. One poll loop,
// no thread. The protocol is in ../README.md; this file enforces the worker's half of it too, so that no buffer can overflow.
//
// The life of a jail:
//   PARKED   the interpreter owns the socket's reading side: it sends the ready byte and reads the job frame.
//   RUNNING  the gate has opened (the interpreter has read the frame and dropped the socket): bytes are relayed.
//   ENDING   the program has ended: every other process is killed and reaped, and both pipes are drained.
//   LAST     the last frame (status or failure) is on its way; behind a status the worker may ask for files, until it closes.
// The end of the socket, in any state, ends this process at once, and the kernel then kills the whole pid namespace.
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define SOCKET_PATH "/bay/s"
#define HEADER 5               // a frame's type byte and its length
#define CHUNK 65536            // the longest payload, and the credit for stdin
#define ACK_AT (CHUNK / 4)     // acknowledge at the latest after so many bytes, so that the worker's next piece is on its way in time
#define GATE_OPEN 0x06         // what the bootstrap writes to the gate once the socket is ours
#define GATE_RESTART 0x07      // the same, but it starts the interpreter anew: the gate's end opens it. Anything else is a failure's text
#define SIGNAL_DUMP 62         // SIGRTMAX - 2: the bootstrap has made the interpreter write all stacks to stderr when it comes
#define FORKER 9               // the connection to a zygote's forker, if there is one (../zygote/park.c)
#define COPY_WITHIN_MS 5000
#define OWN_FD_FLOOR 20        // our own descriptors stay above the numbers that the interpreter is started with

#define FOLDER "/work"          // where the program's files are
#define LONGEST_PATH 1024
#define DEEPEST 16             // folders on the way to a file
#define MOST_FILES 10000       // in one list

// What the interpreter finds at its start; bootstrap.py knows the same numbers.
enum { FD_SOCKET_IN = 0, FD_SOCKET_OUT = 1, FD_ERRORS = 2, FD_STDIN = 10, FD_STDOUT = 11, FD_STDERR = 12, FD_GATE = 13 };

// Our exit codes; nsjail ends with the same ones.
enum { EXIT_DONE = 0, EXIT_FAILED = 95, EXIT_SETUP = 96, EXIT_CONNECT = 97, EXIT_WORKER_LEFT = 98, EXIT_PROTOCOL = 99 };

enum state { PARKED, RUNNING, ENDING, LAST };
enum { OUT = 0, ERR = 1 };

static enum state state = PARKED;
static int worker;             // the socket
static int children;           // signalfd for SIGCHLD
static int gate;               // reading end; -1 once it has spoken
static int program_stdin;      // writing end; -1 once closed
static int program_output[2];  // reading ends; -1 once drained
static pid_t program;

static bool program_ended;
static bool all_reaped;
static int exit_status;
static struct rusage usage;

static char failure[1200];     // why there was no job, if there was none
static size_t failure_length;

static bool dumping;           // the worker has asked for the stacks: what comes from stderr now leaves as D
static unsigned char before_dump[CHUNK]; // ordinary stderr from before that, not yet framed
static size_t before_dump_length;

static unsigned char outgoing[HEADER + CHUNK]; // one frame at a time: while it waits, the pipes are not read, and so the program blocks
static size_t outgoing_length, outgoing_sent;
static bool last_frame_sent;

static unsigned char incoming[HEADER + CHUNK];
static size_t incoming_length;

static unsigned char pending_stdin[CHUNK];     // bytes for the program's stdin; the worker's credit bounds them
static size_t pending_stdin_length;
static size_t unacknowledged;                  // bytes gone from there, of which the worker does not know yet
static bool stdin_ended, stdin_refused;

// ---------------------------------------------------------------------------------------------------------------- endings

// The worker cannot be told (there is no socket yet, or it broke the protocol): say it in nsjail's log, which is our stderr.
static void __attribute__((noreturn)) quit(int code, const char *what) {
  char text[200];
  int n = snprintf(text, sizeof text, "init: %s: %s\n", what, errno ? strerror(errno) : "the job ends here");
  if (write(STDERR_FILENO, text, (size_t)n < sizeof text ? (size_t)n : sizeof text - 1) < 0) {
    // nowhere left to say it
  }
  _exit(code);
}

// The worker closed the socket: normal after the last frame, otherwise its way to end the job.
static void __attribute__((noreturn)) worker_closed(void) {
  _exit(!last_frame_sent ? EXIT_WORKER_LEFT : failure_length ? EXIT_FAILED : EXIT_DONE);
}

static void fail(const char *what, const char *why) {
  int n = snprintf(failure, sizeof failure, "%s: %s", what, why);
  failure_length = n < 0 ? 0 : (size_t)n < sizeof failure ? (size_t)n : sizeof failure - 1;
}

// ---------------------------------------------------------------------------------------------------------------- to the worker

static void put_u32(unsigned char *at, size_t value) {
  at[0] = (unsigned char)(value >> 24), at[1] = (unsigned char)(value >> 16), at[2] = (unsigned char)(value >> 8), at[3] = (unsigned char)value;
}

static size_t get_u32(const unsigned char *at) {
  return (size_t)at[0] << 24 | (size_t)at[1] << 16 | (size_t)at[2] << 8 | (size_t)at[3];
}

// The payload is already in place, behind the header.
static void frame(char type, size_t length) {
  outgoing[0] = (unsigned char)type;
  put_u32(outgoing + 1, length);
  outgoing_length = HEADER + length;
  outgoing_sent = 0;
}

static void send_outgoing(void) {
  while (outgoing_length) {
    // MSG_DONTWAIT and not O_NONBLOCK: the flag would belong to the socket itself, and the interpreter reads the same one.
    ssize_t n = send(worker, outgoing + outgoing_sent, outgoing_length - outgoing_sent, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) return;
    if (n < 0) worker_closed();
    outgoing_sent += (size_t)n;
    if (outgoing_sent == outgoing_length) {
      outgoing_length = outgoing_sent = 0;
      if (state == LAST) last_frame_sent = true;
    }
  }
}

static void send_acknowledgement(void) {
  if (outgoing_length || state >= ENDING || !unacknowledged) return;
  if (unacknowledged < ACK_AT && pending_stdin_length) return; // more will follow soon: one frame for all of it
  put_u32(outgoing + HEADER, unacknowledged);
  unacknowledged = 0;
  frame('A', 4);
  send_outgoing();
}

static void send_before_dump(void) {
  if (outgoing_length || !before_dump_length) return;
  memcpy(outgoing + HEADER, before_dump, before_dump_length);
  frame('2', before_dump_length);
  before_dump_length = 0;
  send_outgoing();
}

static void send_last(void) {
  state = LAST;
  if (failure_length) {
    memcpy(outgoing + HEADER, failure, failure_length);
    frame('X', failure_length);
  } else {
    bool signalled = WIFSIGNALED(exit_status);
    int n = snprintf((char *)outgoing + HEADER, CHUNK, "%c %d %ld.%06ld %ld.%06ld %ld\n", signalled ? 'S' : 'E',
                     signalled ? WTERMSIG(exit_status) : WEXITSTATUS(exit_status), (long)usage.ru_utime.tv_sec, (long)usage.ru_utime.tv_usec,
                     (long)usage.ru_stime.tv_sec, (long)usage.ru_stime.tv_usec, usage.ru_maxrss);
    frame('S', (size_t)n);
  }
  send_outgoing();
}

// ---------------------------------------------------------------------------------------------------------------- processes

static void kill_everything(void) {
  kill(-1, SIGKILL); // everything in this pid namespace but ourselves; the kernel lets no fork slip past it
}

// Orphans of the whole jail become our children, so "no child left" means "no process left".
static void reap(void) {
  struct signalfd_siginfo ignored[8];
  while (read(children, ignored, sizeof ignored) > 0) {
    // one signal may stand for many children: only wait4 counts
  }
  for (;;) {
    int status;
    struct rusage used;
    pid_t pid = wait4(-1, &status, WNOHANG, &used);
    if (pid < 0 && errno == EINTR) continue;
    if (pid < 0) {
      all_reaped = true; // ECHILD
      return;
    }
    if (pid == 0) return;
    if (pid == program) {
      program_ended = true;
      exit_status = status;
      usage = used;
    }
  }
}

static void execute(char **command, const int *ends) {
  volatile int exec_error = 0; // shared with the child until it execs: that is vfork's meaning
  program = vfork();
  if (program < 0) quit(EXIT_SETUP, "vfork");
  if (program == 0) {
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    setsid(); // a group of its own, for I and T
    if (dup2(worker, FD_SOCKET_IN) >= 0 && dup2(worker, FD_SOCKET_OUT) >= 0 && dup2(ends[2], FD_ERRORS) >= 0 && dup2(ends[0], FD_STDIN) >= 0 &&
        dup2(ends[1], FD_STDOUT) >= 0 && dup2(ends[2], FD_STDERR) >= 0 && dup2(ends[3], FD_GATE) >= 0)
      execv(command[0], command);
    exec_error = errno;
    _exit(127);
  }
  if (exec_error) fail(command[0], strerror(exec_error));
}

// Asks the forker for a copy of the zygote's interpreter: it enters this jail as our child, with the descriptors that it would have got here.
static void ask_for_copy(int forker, const int *ends) {
  int self = (int)syscall(SYS_pidfd_open, getpid(), 0);
  if (self < 0) quit(EXIT_SETUP, "pidfd");
  int descriptors[] = {self, worker, ends[0], ends[1], ends[2], ends[3]};
  union {
    char bytes[CMSG_SPACE(sizeof descriptors)];
    struct cmsghdr align;
  } control = {{0}};
  struct iovec request = {"P", 1};
  struct msghdr message = {.msg_iov = &request, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes};
  struct cmsghdr *rights = CMSG_FIRSTHDR(&message);
  rights->cmsg_level = SOL_SOCKET, rights->cmsg_type = SCM_RIGHTS, rights->cmsg_len = CMSG_LEN(sizeof descriptors);
  memcpy(CMSG_DATA(rights), descriptors, sizeof descriptors);
  if (sendmsg(forker, &message, MSG_NOSIGNAL) != 1) quit(EXIT_SETUP, "the zygote's forker");
  close(self), close(forker);
}

// The copy's first word is its number. Without one there is no copy, and there never will be: its end of the gate is closed.
static void await_copy(void) {
  unsigned char number;
  struct pollfd watch = {gate, POLLIN, 0};
  int ready = poll(&watch, 1, COPY_WITHIN_MS);
  errno = ready ? errno : ETIMEDOUT;
  if (ready != 1 || read(gate, &number, 1) != 1) quit(EXIT_SETUP, "no copy of the zygote");
  program = number;
}

static void start_interpreter(char **command, int forker) {
  int in[2], out[2], err[2], gate_pipe[2];
  if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC) || pipe2(err, O_CLOEXEC) || pipe2(gate_pipe, O_CLOEXEC)) quit(EXIT_SETUP, "pipes");
  int *ends[] = {&in[0], &in[1], &out[0], &out[1], &err[0], &err[1], &gate_pipe[0], &gate_pipe[1]};
  for (size_t k = 0; k < sizeof ends / sizeof *ends; k++) {
    int lifted = fcntl(*ends[k], F_DUPFD_CLOEXEC, OWN_FD_FLOOR); // else a dup2 below would overwrite another pipe's end
    if (lifted < 0) quit(EXIT_SETUP, "lifting a pipe");
    close(*ends[k]);
    *ends[k] = lifted;
  }
  gate = gate_pipe[0];
  program_stdin = in[1];
  program_output[OUT] = out[0];
  program_output[ERR] = err[0];
  int programs[] = {in[0], out[1], err[1], gate_pipe[1]};
  if (forker >= 0) {
    ask_for_copy(forker, programs);
  } else {
    execute(command, programs);
  }
  for (size_t k = 0; k < sizeof programs / sizeof *programs; k++) close(programs[k]);
  if (forker >= 0) await_copy();
  int ours[] = {gate, program_stdin, program_output[OUT], program_output[ERR]}; // the program's ends are other descriptions: they stay blocking
  for (size_t k = 0; k < sizeof ours / sizeof *ours; k++)
    if (fcntl(ours[k], F_SETFL, O_NONBLOCK)) quit(EXIT_SETUP, "non-blocking pipe");
}

// ---------------------------------------------------------------------------------------------------------------- the gate

static void read_gate(void) {
  static bool restarting;
  char text[1000];
  const char *said = text;
  ssize_t n = read(gate, text, sizeof text - 1);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (n > 0 && *said == GATE_RESTART) {
    restarting = true;
    said++, n--;
    if (!n) {
      read_gate();
      return;
    }
  }
  close(gate);
  gate = -1;
  if (n == 0 ? restarting : n == 1 && *said == GATE_OPEN) {
    state = RUNNING;
  } else if (n > 0) {
    text[said - text + n] = 0;
    fail("bootstrap", said);
    kill_everything();
  }
  // The end without a word: the interpreter has died, and its status and stderr will tell (interpreter_failed).
}

// The interpreter ended before it took a job: what it wrote to stderr is the reason, and no output of a program.
static void interpreter_failed(void) {
  if (failure_length) return;
  char said[1000], text[1100];
  ssize_t n = read(program_output[ERR], said, sizeof said - 1);
  said[n > 0 ? n : 0] = 0;
  bool signalled = WIFSIGNALED(exit_status);
  snprintf(text, sizeof text, "ended before it took the job, %s %d: %s", signalled ? "signal" : "exit code",
           signalled ? WTERMSIG(exit_status) : WEXITSTATUS(exit_status), said);
  fail("interpreter", text);
}

// ---------------------------------------------------------------------------------------------------------------- the program's pipes

static void drop_stdin(void) {
  unacknowledged += pending_stdin_length;
  pending_stdin_length = 0;
}

static void feed_stdin(void) {
  while (pending_stdin_length && !stdin_refused) {
    ssize_t n = write(program_stdin, pending_stdin, pending_stdin_length);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) break;
    if (n < 0) {
      stdin_refused = true; // nobody can read it any more
      break;
    }
    pending_stdin_length -= (size_t)n;
    memmove(pending_stdin, pending_stdin + n, pending_stdin_length);
    unacknowledged += (size_t)n;
  }
  if (stdin_refused) drop_stdin();
  if (program_stdin >= 0 && (stdin_refused || (stdin_ended && !pending_stdin_length))) {
    close(program_stdin);
    program_stdin = -1;
    stdin_refused = true;
  }
  send_acknowledgement();
}

static void read_output(int which) {
  send_before_dump();
  if (outgoing_length || program_output[which] < 0) return;
  ssize_t n = read(program_output[which], outgoing + HEADER, CHUNK);
  if (n < 0 && errno == EINTR) return;
  if (n < 0 && errno == EAGAIN && !all_reaped) return;
  if (n <= 0) { // the end; or empty, and nobody left who could write
    close(program_output[which]);
    program_output[which] = -1;
    return;
  }
  frame(which == OUT ? '1' : dumping ? 'D' : '2', (size_t)n);
  send_outgoing();
}

// ---------------------------------------------------------------------------------------------------------------- the program's files

// Only behind the status: no process is left that could move anything under us, and none that could be kept waiting.

// Sends one frame and waits until the worker has taken it.
static void answer(char type, size_t length) {
  frame(type, length);
  send_outgoing();
  while (outgoing_length) {
    struct pollfd watch = {worker, POLLOUT | POLLRDHUP, 0};
    if (poll(&watch, 1, -1) < 0 && errno != EINTR) quit(EXIT_SETUP, "poll");
    if (watch.revents & (POLLRDHUP | POLLHUP | POLLERR)) worker_closed();
    send_outgoing();
  }
}

static void answer_end(size_t number) {
  put_u32(outgoing + HEADER, number);
  answer('Z', 4);
}

static int open_folder(int at, const char *name) {
  return openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static struct {
  char path[LONGEST_PATH + 1]; // of the entry that is looked at; one byte more, for the slash behind a folder
  size_t files, left_out;
  size_t framed; // bytes of records that wait in `outgoing`
} list;

static void list_file(size_t path_length, uint64_t size) {
  size_t length = 4 + 8 + path_length;
  if (list.framed + length > CHUNK) {
    answer('L', list.framed);
    list.framed = 0;
  }
  unsigned char *record = outgoing + HEADER + list.framed;
  put_u32(record, path_length);
  put_u32(record + 4, (size_t)(size >> 32));
  put_u32(record + 8, (size_t)(size & 0xffffffff));
  memcpy(record + 12, list.path, path_length);
  list.framed += length;
  list.files++;
}

// Calls itself for each folder below, at most DEEPEST times. Takes `folder`.
static void list_folder(int folder, size_t path_length, int depth) {
  DIR *entries = folder < 0 ? NULL : fdopendir(folder);
  if (!entries) {
    if (folder >= 0) close(folder);
    list.left_out++;
    return;
  }
  struct dirent *entry;
  for (errno = 0; (entry = readdir(entries)); errno = 0) {
    const char *name = entry->d_name;
    struct stat is;
    if (!strcmp(name, ".") || !strcmp(name, "..")) continue;
    if (fstatat(folder, name, &is, AT_SYMLINK_NOFOLLOW)) {
      list.left_out++;
      continue;
    }
    if (!S_ISREG(is.st_mode) && !S_ISDIR(is.st_mode)) continue;
    size_t name_length = strlen(name), length = path_length + name_length;
    if (length > LONGEST_PATH || (S_ISDIR(is.st_mode) && depth == DEEPEST)) {
      list.left_out++;
      continue;
    }
    memcpy(list.path + path_length, name, name_length);
    if (S_ISDIR(is.st_mode)) {
      list.path[length] = '/';
      list_folder(open_folder(folder, name), length + 1, depth + 1);
    } else if (list.files == MOST_FILES || faccessat(folder, name, R_OK, 0)) {
      list.left_out++;
    } else {
      list_file(length, (uint64_t)is.st_size);
    }
  }
  if (errno) list.left_out++;
  closedir(entries);
}

static void answer_list(void) {
  list.files = list.left_out = list.framed = 0;
  list_folder(open_folder(AT_FDCWD, FOLDER), 0, 0);
  if (list.framed) answer('L', list.framed);
  answer_end(list.left_out);
}

// Relative, no empty step, no `.`, no `..`.
static bool is_plain_path(const char *path, size_t length) {
  if (!length || length > LONGEST_PATH || memchr(path, 0, length)) return false;
  for (size_t at = 0, end; at <= length; at = end + 1) {
    for (end = at; end < length && path[end] != '/';) end++;
    if (end == at || (end == at + 1 && path[at] == '.') || (end == at + 2 && path[at] == '.' && path[at + 1] == '.')) return false;
  }
  return true;
}

// No link is followed on the way, and nothing that is not a file is waited for. Changes the path.
static int open_file(char *path) {
  int at = open_folder(AT_FDCWD, FOLDER);
  for (char *slash; at >= 0 && (slash = strchr(path, '/')); path = slash + 1) {
    *slash = 0;
    int below = open_folder(at, path);
    int error = errno;
    close(at);
    at = below;
    errno = error;
  }
  if (at < 0) return -1;
  int file = openat(at, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  int error = errno;
  close(at);
  errno = error;
  return file;
}

static void answer_file(const unsigned char *payload, size_t length) {
  char path[LONGEST_PATH + 1];
  if (!is_plain_path((const char *)payload, length)) quit(EXIT_PROTOCOL, "a path that is not plain");
  memcpy(path, payload, length);
  path[length] = 0;
  int file = open_file(path), error = 0;
  struct stat is;
  if (file < 0 || fstat(file, &is)) {
    error = errno;
  } else if (!S_ISREG(is.st_mode)) {
    error = EINVAL;
  } else {
    for (off_t left = is.st_size; left > 0;) {
      ssize_t n = read(file, outgoing + HEADER, left < CHUNK ? (size_t)left : CHUNK);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) error = errno;
      if (n <= 0) break;
      answer('B', (size_t)n);
      left -= n;
    }
  }
  if (file >= 0) close(file);
  answer_end((size_t)error);
}

// ---------------------------------------------------------------------------------------------------------------- from the worker

static void signal_program(int signal) {
  if (!program_ended) kill(-program, signal); // the group's id cannot be another's as long as we have not reaped the program
}

static void dump_stacks(void) {
  if (dumping || program_ended) return;
  dumping = true;
  // What is in the pipe now is ordinary stderr. One read of it: a flood must not hold up the dump, and neither must a frame on its way.
  ssize_t n = program_output[ERR] < 0 ? 0 : read(program_output[ERR], before_dump, sizeof before_dump);
  if (n > 0) before_dump_length = (size_t)n;
  kill(program, SIGNAL_DUMP); // not the group: its others have no handler, and would die of it
}

static void obey(unsigned char type, const unsigned char *payload, size_t length) {
  errno = 0;
  if (type != 'i' && type != 'G' && length) quit(EXIT_PROTOCOL, "a message with a payload it must not have");
  switch (type) {
  case 'i':
    if (stdin_ended) quit(EXIT_PROTOCOL, "stdin after its end");
    if (length > CHUNK - pending_stdin_length - unacknowledged) quit(EXIT_PROTOCOL, "more stdin than acknowledged");
    memcpy(pending_stdin + pending_stdin_length, payload, length);
    pending_stdin_length += length;
    feed_stdin();
    break;
  case 'e':
    stdin_ended = true;
    feed_stdin();
    break;
  case 'I': signal_program(SIGINT); break;
  case 'T': signal_program(SIGTERM); break;
  case 'D': dump_stacks(); break;
  case 'K': kill_everything(); break;
  case 'L':
  case 'G':
    if (!last_frame_sent || failure_length) quit(EXIT_PROTOCOL, "files without a status");
    if (type == 'L') {
      answer_list();
    } else {
      answer_file(payload, length);
    }
    break;
  default: quit(EXIT_PROTOCOL, "a message of an unknown type");
  }
}

static void read_messages(void) {
  ssize_t n = recv(worker, incoming + incoming_length, sizeof incoming - incoming_length, MSG_DONTWAIT);
  if (n < 0 && (errno == EINTR || errno == EAGAIN)) return;
  if (n <= 0) worker_closed();
  incoming_length += (size_t)n;
  size_t done = 0;
  while (incoming_length - done >= HEADER) {
    size_t length = get_u32(incoming + done + 1);
    errno = 0;
    if (length > CHUNK) quit(EXIT_PROTOCOL, "a message too long");
    if (incoming_length - done < HEADER + length) break; // it fits: the buffer holds one message of the longest kind
    obey(incoming[done], incoming + done + HEADER, length);
    done += HEADER + length;
  }
  incoming_length -= done;
  memmove(incoming, incoming + done, incoming_length);
}

// ---------------------------------------------------------------------------------------------------------------- the loop

static void wait_for_events(void) {
  static bool err_first;
  enum { CHILDREN, GATE, WORKER, STDIN, OUTPUT, ERRORS, WATCHES };
  bool relaying = state == RUNNING || state == ENDING;
  bool may_read_pipes = relaying && !outgoing_length;
  struct pollfd watch[WATCHES] = {
      [CHILDREN] = {children, POLLIN, 0},
      [GATE] = {state == PARKED ? gate : -1, POLLIN, 0},
      // While parked, the bytes belong to the interpreter; but the end is always seen.
      [WORKER] = {worker, (short)(POLLRDHUP | (state == PARKED ? 0 : POLLIN) | (outgoing_length ? POLLOUT : 0)), 0},
      [STDIN] = {pending_stdin_length ? program_stdin : -1, POLLOUT, 0},
      [OUTPUT] = {may_read_pipes ? program_output[OUT] : -1, POLLIN, 0},
      [ERRORS] = {may_read_pipes ? program_output[ERR] : -1, POLLIN, 0},
  };
  if (poll(watch, WATCHES, -1) < 0) {
    if (errno == EINTR) return;
    quit(EXIT_SETUP, "poll");
  }
  if (watch[WORKER].revents & (POLLRDHUP | POLLHUP | POLLERR)) worker_closed();
  if (watch[WORKER].revents & POLLIN) read_messages();
  if (watch[WORKER].revents & POLLOUT) send_outgoing();
  if (watch[GATE].revents) read_gate();
  if (watch[CHILDREN].revents) reap();
  if (watch[STDIN].revents) feed_stdin();
  send_before_dump();
  send_acknowledgement();
  // Only one of both can go into the frame: take turns, or a flood on one would hide the other.
  for (int k = 0; k < 2; k++) {
    int which = err_first ? 1 - k : k;
    if (!watch[OUTPUT + which].revents || outgoing_length) continue;
    read_output(which);
    err_first = which == OUT;
    break;
  }
}

int main(int count, char **command) {
  (void)count;
  // The program has our uid: without this it could read and write our memory and descriptors through /proc/1.
  if (prctl(PR_SET_DUMPABLE, 0)) quit(EXIT_SETUP, "dumpable");
  errno = 0;
  if (count < 3) quit(EXIT_SETUP, "usage: init INTERPRETER FILE [ARGUMENT...]");

  sigset_t handled;
  sigemptyset(&handled);
  sigaddset(&handled, SIGCHLD);
  sigaddset(&handled, SIGPIPE);
  for (int signal = 1; signal < NSIG; signal++) sigaction(signal, &(struct sigaction){.sa_handler = SIG_DFL}, NULL); // ignored ones would be inherited
  if (sigprocmask(SIG_SETMASK, &handled, NULL)) quit(EXIT_SETUP, "signal mask");
  sigdelset(&handled, SIGPIPE);

  int forker = fcntl(FORKER, F_DUPFD_CLOEXEC, OWN_FD_FLOOR);
  close(FORKER); // the program must never have it

  int caller = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  struct sockaddr_un address = {AF_UNIX, SOCKET_PATH};
  if (caller < 0 || connect(caller, (struct sockaddr *)&address, sizeof address)) quit(EXIT_CONNECT, SOCKET_PATH);
  worker = fcntl(caller, F_DUPFD_CLOEXEC, OWN_FD_FLOOR);
  int events = signalfd(-1, &handled, SFD_CLOEXEC | SFD_NONBLOCK);
  children = fcntl(events, F_DUPFD_CLOEXEC, OWN_FD_FLOOR);
  if (worker < 0 || children < 0) quit(EXIT_SETUP, "socket and signals");
  close(caller), close(events);

  start_interpreter(command + 1, forker);
  for (;;) {
    if (program_ended && state < ENDING) {
      if (gate >= 0) read_gate(); // its last word may still be in there
      if (state != RUNNING) interpreter_failed();
      state = ENDING;
      drop_stdin();
      kill_everything();
      reap();
    }
    bool drained = failure_length || (program_output[OUT] < 0 && program_output[ERR] < 0 && !before_dump_length);
    if (state == ENDING && all_reaped && drained && !outgoing_length) send_last();
    if (state == ENDING && all_reaped && !drained && !outgoing_length) {
      // Nobody can write any more, so read without waiting; poll would never report a pipe whose other end somebody hides.
      read_output(program_output[OUT] >= 0 ? OUT : ERR);
      continue;
    }
    wait_for_events();
  }
}
