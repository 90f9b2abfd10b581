// Names by lwIP's resolver, which asks in its own task while the driver goes on. Names that end in `.local` go by mDNS where lwIP was
// built with LWIP_DNS_SUPPORT_MDNS_QUERIES.
#include "swift_peer_port.h"

#include <lwip/opt.h>

#if LWIP_DNS
#include <lwip/dns.h>
#include <lwip/sys.h>
#include <lwip/tcpip.h>
#include <string.h>

#include "interface.h"

enum { LONGEST_NAME = 64, QUESTIONS = 4 };
enum { FREE, ASKED, ANSWERED, REFUSED };

// Questions under way, and answers that nobody has taken yet.
static struct question {
  int state;
  uint8_t family;
  char name[LONGEST_NAME];
  port_address answer;
} questions[QUESTIONS];

static void settle(struct question *question, const ip_addr_t *address) {
  SYS_ARCH_DECL_PROTECT(level);
  SYS_ARCH_PROTECT(level);
  if (address != NULL) lwip_port_read_address(address, &question->answer);
  question->answer.port = 0;
  question->state = address != NULL ? ANSWERED : REFUSED;
  SYS_ARCH_UNPROTECT(level);
}

static void answered(const char *name, const ip_addr_t *address, void *argument) {
  (void)name;
  settle(argument, address);
}

// In lwIP's task.
static void ask(void *argument) {
  struct question *question = argument;
  const uint8_t type = question->family == 4   ? LWIP_DNS_ADDRTYPE_IPV4
                       : question->family == 6 ? LWIP_DNS_ADDRTYPE_IPV6
                                               : LWIP_DNS_ADDRTYPE_IPV4_IPV6;
  ip_addr_t address;
  err_t result = dns_gethostbyname_addrtype(question->name, &address, answered, question, type);
  if (result == ERR_OK) settle(question, &address);
  else if (result != ERR_INPROGRESS) settle(question, NULL);
}

int port_resolve(const char *name, uint8_t family, port_address *address) {
  size_t length = strlen(name);
  if (length >= LONGEST_NAME || (family != 0 && family != 4 && family != 6)) return PORT_FAILED;
  struct question *question = NULL, *place = NULL;
  int result = PORT_WOULD_BLOCK;
  SYS_ARCH_DECL_PROTECT(level);
  SYS_ARCH_PROTECT(level);
  for (int i = 0; i < QUESTIONS; i++) {
    if (questions[i].state == FREE) {
      place = &questions[i];
    } else if (questions[i].family == family && strcmp(questions[i].name, name) == 0) {
      question = &questions[i];
    } else if (questions[i].state != ASKED && place == NULL) {
      place = &questions[i];
    }
  }
  int is_new = question == NULL && place != NULL;
  if (is_new) {
    place->state = ASKED;
    place->family = family;
    memcpy(place->name, name, length + 1);
  } else if (question != NULL && question->state != ASKED) {
    result = question->state == ANSWERED ? PORT_OK : PORT_FAILED;
    *address = question->answer;
    question->state = FREE;
  }
  SYS_ARCH_UNPROTECT(level);
  if (is_new && tcpip_callback(ask, place) != ERR_OK) {
    settle(place, NULL);
  }
  return result;
}
#else
// lwIP was built without a resolver.
int port_resolve(const char *name, uint8_t family, port_address *address) {
  (void)name;
  (void)family;
  (void)address;
  return PORT_FAILED;
}
#endif
