// lwIP's `sys_*` layer on FreeRTOS.
#include <FreeRTOS.h>
#include <lwip/sys.h>
#include <queue.h>
#include <semphr.h>
#include <task.h>

void sys_init(void) {}
u32_t sys_now(void) { return (u32_t)(xTaskGetTickCount() * portTICK_PERIOD_MS); }

// At least so long: a part of the first tick is over.
static TickType_t ticks(u32_t milliseconds) { return milliseconds / portTICK_PERIOD_MS + 1; }

// lwIP waits for ever at 0.
static TickType_t limit(u32_t timeout) { return timeout == 0 ? portMAX_DELAY : ticks(timeout); }

void sys_msleep(u32_t milliseconds) { vTaskDelay(ticks(milliseconds)); }

sys_prot_t sys_arch_protect(void) {
  taskENTER_CRITICAL();
  return 0;
}

void sys_arch_unprotect(sys_prot_t level) {
  (void)level;
  taskEXIT_CRITICAL();
}

err_t sys_sem_new(sys_sem_t *semaphore, u8_t count) {
  *semaphore = xSemaphoreCreateCounting(255, count);
  return *semaphore != NULL ? ERR_OK : ERR_MEM;
}

void sys_sem_free(sys_sem_t *semaphore) { vSemaphoreDelete(*semaphore); }
void sys_sem_signal(sys_sem_t *semaphore) { xSemaphoreGive(*semaphore); }

u32_t sys_arch_sem_wait(sys_sem_t *semaphore, u32_t timeout) {
  return xSemaphoreTake(*semaphore, limit(timeout)) == pdTRUE ? 0 : SYS_ARCH_TIMEOUT;
}

err_t sys_mutex_new(sys_mutex_t *mutex) {
  *mutex = xSemaphoreCreateRecursiveMutex();
  return *mutex != NULL ? ERR_OK : ERR_MEM;
}

void sys_mutex_free(sys_mutex_t *mutex) { vSemaphoreDelete(*mutex); }
void sys_mutex_lock(sys_mutex_t *mutex) { xSemaphoreTakeRecursive(*mutex, portMAX_DELAY); }
void sys_mutex_unlock(sys_mutex_t *mutex) { xSemaphoreGiveRecursive(*mutex); }

err_t sys_mbox_new(sys_mbox_t *mailbox, int size) {
  *mailbox = xQueueCreate((UBaseType_t)size, sizeof(void *));
  return *mailbox != NULL ? ERR_OK : ERR_MEM;
}

void sys_mbox_free(sys_mbox_t *mailbox) { vQueueDelete(*mailbox); }
void sys_mbox_post(sys_mbox_t *mailbox, void *message) { xQueueSendToBack(*mailbox, &message, portMAX_DELAY); }

err_t sys_mbox_trypost(sys_mbox_t *mailbox, void *message) {
  return xQueueSendToBack(*mailbox, &message, 0) == pdTRUE ? ERR_OK : ERR_MEM;
}

err_t sys_mbox_trypost_fromisr(sys_mbox_t *mailbox, void *message) { return sys_mbox_trypost(mailbox, message); }

static u32_t fetch(sys_mbox_t mailbox, void **message, TickType_t timeout) {
  void *received = NULL;
  BaseType_t result = xQueueReceive(mailbox, &received, timeout);
  if (message != NULL) *message = received;
  return result == pdTRUE ? 0 : SYS_ARCH_TIMEOUT;
}

u32_t sys_arch_mbox_fetch(sys_mbox_t *mailbox, void **message, u32_t timeout) { return fetch(*mailbox, message, limit(timeout)); }

u32_t sys_arch_mbox_tryfetch(sys_mbox_t *mailbox, void **message) {
  return fetch(*mailbox, message, 0) == 0 ? 0 : SYS_MBOX_EMPTY;
}

sys_thread_t sys_thread_new(const char *name, lwip_thread_fn function, void *argument, int stack, int priority) {
  TaskHandle_t task = NULL;
  xTaskCreate(function, name, (configSTACK_DEPTH_TYPE)stack, argument, (UBaseType_t)priority, &task);
  return task;
}
