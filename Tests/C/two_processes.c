// Two endpoints, a process each, which know of each other only what is carried between them here: they connect, and what one
// sends comes back from the other.
//
//   two_processes ENDPOINT
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct {
  pid_t process;
  int in, out;
  char text[1 << 16];
  size_t size;
  bool has_channels, has_opened, has_text, has_audio, has_closed;
} endpoint;

static void start(endpoint *self, const char *path, const char *const *words) {
  int in[2], out[2];
  if (pipe(in) || pipe(out)) exit(1);
  self->process = fork();
  if (self->process == 0) {
    dup2(in[0], STDIN_FILENO);
    dup2(out[1], STDOUT_FILENO);
    for (int i = 0; i < 2; i++) {
      close(in[i]);
      close(out[i]);
    }
    execv(path, (char *const *)words);
    _exit(127);
  }
  close(in[0]);
  close(out[1]);
  self->in = in[1];
  self->out = out[0];
}

static void tell(const endpoint *self, const char *text, size_t size) {
  while (size > 0) {
    ssize_t written = write(self->in, text, size);
    if (written <= 0) exit(1);
    text += written;
    size -= (size_t)written;
  }
}

static void order(const endpoint *self, const char *line) { tell(self, line, strlen(line)); }

// Takes what is whole off the front of what an endpoint said.
static bool take(endpoint *self, const endpoint *other) {
  char *end = memchr(self->text, '\n', self->size);
  if (!end) return false;
  size_t used = (size_t)(end + 1 - self->text);
  unsigned size = 0;
  *end = 0;
  if (sscanf(self->text, "sdp %u", &size) == 1) {
    if (self->size < used + size) {
      *end = '\n';
      return false;
    }
    char line[32];
    snprintf(line, sizeof line, "sdp %u\n", size);
    order(other, line);
    tell(other, self->text + used, size);
    used += size;
  } else {
    if (strcmp(self->text, "state channels-connected") == 0) self->has_channels = true;
    if (strncmp(self->text, "opened ", 7) == 0) self->has_opened = true;
    if (strncmp(self->text, "closed ", 7) == 0) self->has_closed = true;
    if (strstr(self->text, " there and back")) self->has_text = true;
    if (strncmp(self->text, "audio-frame ", 12) == 0) self->has_audio = true;
    if (strncmp(self->text, "error", 5) == 0 || strcmp(self->text, "state failed") == 0) {
      printf("it said: %s\n", self->text);
      exit(1);
    }
  }
  memmove(self->text, self->text + used, self->size - used);
  self->size -= used;
  return true;
}

static void listen_to(endpoint *self, const endpoint *other) {
  ssize_t got = read(self->out, self->text + self->size, sizeof self->text - self->size);
  if (got <= 0) exit(1);
  self->size += (size_t)got;
  while (take(self, other)) continue;
}

int main(int count, char **arguments) {
  if (count < 2) return 2;
  signal(SIGPIPE, SIG_IGN);
  alarm(60);
  static endpoint left, right;
  const char *const offers[] = {arguments[1], "controlling", "channel", "pcma", "hold", NULL};
  const char *const answers[] = {arguments[1], "controlled", "channel", "pcma", NULL};
  start(&left, arguments[1], offers);
  start(&right, arguments[1], answers);
  int step = 0;
  while (step < 5) {
    struct pollfd said[] = {{.fd = left.out, .events = POLLIN}, {.fd = right.out, .events = POLLIN}};
    if (poll(said, 2, 20000) <= 0) return 1;
    if (said[0].revents) listen_to(&left, &right);
    if (said[1].revents) listen_to(&right, &left);
    if (step == 0 && left.has_channels) step = 1, order(&left, "open chat\n");
    if (step == 1 && left.has_opened && right.has_opened) step = 2, order(&left, "send there and back\n");
    if (step == 2 && left.has_text) step = 3, order(&left, "audio\n");
    if (step == 3 && left.has_audio) step = 4, order(&right, "close chat\n");
    if (step == 4 && left.has_closed) step = 5;
  }
  order(&left, "quit\n");
  order(&right, "quit\n");
  for (int i = 0; i < 2; i++) {
    int status = 1;
    if (wait(&status) < 0 || status != 0) {
      printf("an endpoint ended with %d\n", status);
      return 1;
    }
  }
  printf("two processes talked\n");
  return 0;
}
