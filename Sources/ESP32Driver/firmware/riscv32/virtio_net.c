// A network device by virtio 1.1 over memory-mapped registers (section 4.2), with one queue of frames in each direction.
#include "virtio_net.h"

#include <string.h>

enum { SLOTS = 8, SLOT_SIZE = 0x1000, LENGTH = 8, HEADER_SIZE = 12, BUFFER_SIZE = HEADER_SIZE + FRAME_SIZE + 10 };
static const uintptr_t first_slot = 0x10001000;

enum {
  MAGIC = 0x000,
  VERSION = 0x004,
  DEVICE = 0x008,
  DRIVER_FEATURES = 0x020,
  DRIVER_FEATURES_WORD = 0x024,
  QUEUE = 0x030,
  QUEUE_LENGTH = 0x038,
  QUEUE_READY = 0x044,
  NOTIFY = 0x050,
  STATUS = 0x070,
  DESCRIPTORS = 0x080,
  AVAILABLE = 0x090,
  USED = 0x0a0,
  ADDRESS = 0x100,
};
enum { ACKNOWLEDGE = 1, DRIVER = 2, DRIVER_OK = 4, FEATURES_OK = 8 };
enum { FEATURE_ADDRESS = 1 << 5, FEATURE_VERSION_1 = 1 << 0 };  // the latter in the second word
enum { RECEIVING, SENDING };
enum { WRITABLE_BY_DEVICE = 2 };

typedef struct {
  struct {
    uint64_t address;
    uint32_t length;
    uint16_t flags, next;
  } descriptors[LENGTH] __attribute__((aligned(16)));
  struct {
    uint16_t flags, index, ring[LENGTH];
  } available __attribute__((aligned(4)));
  struct {
    uint16_t flags, index;
    struct {
      uint32_t descriptor, length;
    } ring[LENGTH];
  } used __attribute__((aligned(4)));
  uint16_t seen;
  uint8_t buffers[LENGTH][BUFFER_SIZE] __attribute__((aligned(4)));
} queue;

static volatile queue queues[2];
static uintptr_t device;

static void write_register(unsigned place, uint32_t value) { *(volatile uint32_t *)(device + place) = value; }
static uint32_t read_register(unsigned place) { return *(volatile uint32_t *)(device + place); }
static void fence(void) { __sync_synchronize(); }

static void write_pointer(unsigned place, volatile void *pointer) {
  write_register(place, (uint32_t)(uintptr_t)pointer);
  write_register(place + 4, 0);
}

static void offer(int index, unsigned descriptor, size_t length) {
  volatile queue *queue = &queues[index];
  queue->descriptors[descriptor].length = length;
  queue->available.ring[queue->available.index % LENGTH] = (uint16_t)descriptor;
  fence();
  queue->available.index++;
  fence();
  write_register(NOTIFY, (uint32_t)index);
}

static void prepare(int index) {
  volatile queue *queue = &queues[index];
  for (int i = 0; i < LENGTH; i++) {
    queue->descriptors[i].address = (uintptr_t)queue->buffers[i];
    queue->descriptors[i].flags = index == RECEIVING ? WRITABLE_BY_DEVICE : 0;
  }
  write_register(QUEUE, (uint32_t)index);
  write_register(QUEUE_LENGTH, LENGTH);
  write_pointer(DESCRIPTORS, queue->descriptors);
  write_pointer(AVAILABLE, &queue->available);
  write_pointer(USED, &queue->used);
  write_register(QUEUE_READY, 1);
}

int virtio_net_start(uint8_t *address) {
  for (int slot = 0; slot < SLOTS; slot++) {
    device = first_slot + (uintptr_t)slot * SLOT_SIZE;
    if (read_register(MAGIC) == 0x74726976 && read_register(VERSION) == 2 && read_register(DEVICE) == 1) break;
    if (slot == SLOTS - 1) return -1;
  }
  write_register(STATUS, 0);
  write_register(STATUS, ACKNOWLEDGE | DRIVER);
  write_register(DRIVER_FEATURES_WORD, 0);
  write_register(DRIVER_FEATURES, FEATURE_ADDRESS);
  write_register(DRIVER_FEATURES_WORD, 1);
  write_register(DRIVER_FEATURES, FEATURE_VERSION_1);
  write_register(STATUS, ACKNOWLEDGE | DRIVER | FEATURES_OK);
  if ((read_register(STATUS) & FEATURES_OK) == 0) return -1;
  prepare(RECEIVING);
  prepare(SENDING);
  write_register(STATUS, ACKNOWLEDGE | DRIVER | FEATURES_OK | DRIVER_OK);
  for (unsigned i = 0; i < LENGTH; i++) offer(RECEIVING, i, BUFFER_SIZE);
  for (unsigned i = 0; i < 6; i++) address[i] = *(volatile uint8_t *)(device + ADDRESS + i);
  return 0;
}

size_t virtio_net_receive(uint8_t *frame) {
  volatile queue *queue = &queues[RECEIVING];
  if (device == 0 || queue->seen == queue->used.index) return 0;
  fence();
  unsigned descriptor = queue->used.ring[queue->seen % LENGTH].descriptor;
  size_t length = queue->used.ring[queue->seen % LENGTH].length;
  queue->seen++;
  size_t size = length > HEADER_SIZE ? length - HEADER_SIZE : 0;
  if (size > FRAME_SIZE) size = 0;
  memcpy(frame, (const uint8_t *)queue->buffers[descriptor] + HEADER_SIZE, size);
  offer(RECEIVING, descriptor, BUFFER_SIZE);
  return size;
}

int virtio_net_send(const uint8_t *frame, size_t size) {
  volatile queue *queue = &queues[SENDING];
  // The queue's buffers are used in turn; those not returned yet are the device's.
  if (device == 0 || size > FRAME_SIZE || (uint16_t)(queue->available.index - queue->used.index) >= LENGTH) return -1;
  unsigned descriptor = queue->available.index % LENGTH;
  uint8_t *buffer = (uint8_t *)queue->buffers[descriptor];
  memset(buffer, 0, HEADER_SIZE);
  memcpy(buffer + HEADER_SIZE, frame, size);
  offer(SENDING, descriptor, HEADER_SIZE + size);
  return 0;
}
