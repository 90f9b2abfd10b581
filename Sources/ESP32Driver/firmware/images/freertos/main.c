// The image `demo` as a task of FreeRTOS: what it asks of a machine, and what the driver's port asks of the system.
#include <FreeRTOS.h>
#include <lwip/sys.h>
#include <lwip/tcpip.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <task.h>
#include <unistd.h>

#include "../../network/network.h"
#include "../../platform/platform.h"
#include "lwip_port.h"

int image_main(void);

void freertos_failed(const char *file, int line) {
  fprintf(stderr, "%s:%d: assertion failed\n", file, line);
  _exit(70);
}

// The tick's signal may interrupt what waits in the system.
int platform_random(uint8_t *bytes, size_t size) {
  taskENTER_CRITICAL();
  int result = getrandom(bytes, size, 0) == (ssize_t)size ? 0 : -1;
  taskEXIT_CRITICAL();
  return result;
}

void platform_write(const char *text, size_t size) {
  taskENTER_CRITICAL();
  if (write(STDOUT_FILENO, text, size) != (ssize_t)size) _exit(71);
  taskEXIT_CRITICAL();
}

uint64_t platform_nanoseconds(void) { return (uint64_t)xTaskGetTickCount() * portTICK_PERIOD_MS * 1000000; }

uint32_t freertos_random(void) {
  uint32_t word;
  if (platform_random((uint8_t *)&word, sizeof word) != 0) _exit(72);
  return word;
}

int lwip_port_random(uint8_t *bytes, size_t count) { return platform_random(bytes, count); }
uintptr_t lwip_port_thread(void) { return (uintptr_t)xTaskGetCurrentTaskHandle(); }

void lwip_port_log(const char *line) {
  say(line);
  say("\n");
}

// --- The network ---

static void started(void *semaphore) { sys_sem_signal(semaphore); }

void network_start(void) {
  sys_sem_t is_up;
  if (sys_sem_new(&is_up, 0) != ERR_OK) _exit(73);
  tcpip_init(started, &is_up);
  sys_sem_wait(&is_up);
  sys_sem_free(&is_up);
}

// lwIP has a task of its own.
void network_poll(void) {}
uint32_t network_pools(void) { return MEM_SIZE; }

// --- Memory: the C library's, which nobody measures ---

void heap_set_owner(int owner) { (void)owner; }
int heap_owner(void) { return 0; }
uint32_t heap_peak(int owner) { return (void)owner, 0; }
uint32_t heap_peak_of_all(void) { return 0; }
void heap_reset_peaks(void) {}
uint32_t heap_used_by_all(void) { return 0; }
void stack_paint(void) {}
uint32_t stack_peak(void) { return 0; }

static void run(void *unused) {
  (void)unused;
  int verdict = image_main();
  fflush(NULL);
  _exit(verdict);
}

int main(void) {
  // Words: room for an optimised build of the driver many times over.
  if (xTaskCreate(run, "demo", 65535, NULL, 1, NULL) != pdPASS) return 74;
  vTaskStartScheduler();
  return 75;
}
