// Clock, randomness, memory, threads and the log, by POSIX.
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

#include "swift_peer_port.h"

uint64_t port_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

int port_random(uint8_t *bytes, size_t count) {
  while (count > 0) {
    ssize_t got = getrandom(bytes, count, 0);
    if (got < 0 && errno != EINTR) return PORT_FAILED;
    if (got > 0) {
      bytes += got;
      count -= (size_t)got;
    }
  }
  return PORT_OK;
}

void *port_allocate(size_t size) { return malloc(size); }
void port_free(void *memory) { free(memory); }

struct port_mutex {
  pthread_mutex_t mutex;
};

port_mutex *port_mutex_create(void) {
  port_mutex *mutex = malloc(sizeof *mutex);
  if (mutex && pthread_mutex_init(&mutex->mutex, NULL) != 0) {
    free(mutex);
    return NULL;
  }
  return mutex;
}

void port_mutex_destroy(port_mutex *mutex) {
  pthread_mutex_destroy(&mutex->mutex);
  free(mutex);
}

void port_mutex_lock(port_mutex *mutex) { pthread_mutex_lock(&mutex->mutex); }
void port_mutex_unlock(port_mutex *mutex) { pthread_mutex_unlock(&mutex->mutex); }
uintptr_t port_thread(void) { return (uintptr_t)pthread_self(); }

void port_yield(void) { sched_yield(); }

void port_log(const char *line) { fprintf(stderr, "%s\n", line); }
