// Names, by the system's resolver, which waits: so each name is looked up by a thread of its own, a few at a time.
#define _GNU_SOURCE
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "swift_peer_port.h"

enum { LIMIT = 8, NAME_SIZE = 256 };

typedef struct {
  enum { FREE, PENDING, DONE } state;
  char name[NAME_SIZE];
  uint8_t family;
  int result;
  port_address address;
  // When it was done: an answer that nobody fetched, or that is old, is no answer.
  uint64_t moment;
} lookup;

static lookup lookups[LIMIT];
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static const uint64_t lifetime = 5000000000u;

static void *look_up(void *argument) {
  lookup *entry = argument;
  struct addrinfo hints = {.ai_socktype = SOCK_DGRAM};
  hints.ai_family = entry->family == 4 ? AF_INET : entry->family == 6 ? AF_INET6 : AF_UNSPEC;
  struct addrinfo *list = NULL;
  port_address address = {0};
  if (getaddrinfo(entry->name, NULL, &hints, &list) == 0) {
    for (const struct addrinfo *found = list; found && address.family == 0; found = found->ai_next) {
      if (found->ai_family == AF_INET) {
        address.family = 4;
        memcpy(address.ip, &((const struct sockaddr_in *)found->ai_addr)->sin_addr, 4);
      } else if (found->ai_family == AF_INET6) {
        address.family = 6;
        memcpy(address.ip, &((const struct sockaddr_in6 *)found->ai_addr)->sin6_addr, 16);
      }
    }
    freeaddrinfo(list);
  }
  pthread_mutex_lock(&mutex);
  entry->address = address;
  entry->result = address.family ? PORT_OK : PORT_FAILED;
  entry->moment = port_now();
  entry->state = DONE;
  pthread_mutex_unlock(&mutex);
  return NULL;
}

static int begin(lookup *entry, const char *name, uint8_t family) {
  strcpy(entry->name, name);
  entry->family = family;
  entry->state = PENDING;
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_t thread;
  int failure = pthread_create(&thread, &attributes, look_up, entry);
  pthread_attr_destroy(&attributes);
  if (failure) entry->state = FREE;
  return failure ? PORT_FAILED : PORT_WOULD_BLOCK;
}

int port_resolve(const char *name, uint8_t family, port_address *address) {
  if (strlen(name) >= NAME_SIZE) return PORT_FAILED;
  uint64_t now = port_now();
  int result = PORT_WOULD_BLOCK;
  lookup *place = NULL;
  pthread_mutex_lock(&mutex);
  for (int i = 0; i < LIMIT; i++) {
    lookup *entry = &lookups[i];
    if (entry->state == DONE && now - entry->moment > lifetime) entry->state = FREE;
    if (entry->state == FREE) {
      if (!place) place = entry;
      continue;
    }
    if (entry->family != family || strcmp(entry->name, name) != 0) continue;
    if (entry->state == DONE) {
      *address = entry->address;
      result = entry->result;
    }
    pthread_mutex_unlock(&mutex);
    return result;
  }
  // Where all places are taken, one will be free soon.
  if (place) result = begin(place, name, family);
  pthread_mutex_unlock(&mutex);
  return result;
}
