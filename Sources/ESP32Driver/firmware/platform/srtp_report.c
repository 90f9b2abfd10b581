// In place of libsrtp2's err.c, which wants stdio: nothing is reported but by results.
#include "err.h"

srtp_err_status_t srtp_err_reporting_init(void) { return srtp_err_status_ok; }

srtp_err_status_t srtp_install_err_report_handler(srtp_err_report_handler_func_t handler) {
  (void)handler;
  return srtp_err_status_ok;
}

void srtp_err_report(srtp_err_reporting_level_t level, const char *format, ...) {
  (void)level;
  (void)format;
}
