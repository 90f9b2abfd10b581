#ifndef CSRTP_NSS_CIPHER_H
#define CSRTP_NSS_CIPHER_H

// Has AES-GCM done through NSS's message interface where libsrtp2 stands on NSS; elsewhere nothing changes. After srtp_init().
void csrtp_use_message_interface(void);

// Whether sessions that this thread creates from now on use libsrtp2's own ciphers all the same.
void csrtp_prefer_own_ciphers(int preferred);

#endif
