#ifndef CSRTP_SHORT_PACKETS_H
#define CSRTP_SHORT_PACKETS_H

// Has short packets encrypted by mbedTLS where libsrtp2 stands on NSS; elsewhere nothing changes. After srtp_init().
void csrtp_speed_up_short_packets(void);

#endif
