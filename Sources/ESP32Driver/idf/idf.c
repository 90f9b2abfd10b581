// What lwIP's `sys_*` layer does not tell of ESP-IDF: randomness, tasks and the log.
#include <esp_log.h>
#include <esp_random.h>
#include <freertos/FreeRTOS.h>
#include <freertos/task.h>

#include "lwip_port.h"

// True randomness as soon as Wi-Fi or Bluetooth is up; before that, an application that opens a peer enables the entropy source
// itself (bootloader_random_enable).
int lwip_port_random(uint8_t *bytes, size_t count) {
  esp_fill_random(bytes, count);
  return 0;
}

uintptr_t lwip_port_thread(void) { return (uintptr_t)xTaskGetCurrentTaskHandle(); }

void lwip_port_log(const char *line) { ESP_LOGI("swift_peer", "%s", line); }
