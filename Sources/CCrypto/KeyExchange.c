#include "Provider.h"

#if !CRYPTO_PSA

#include <mbedtls/bignum.h>
#include <string.h>

#include "Elliptic.h"

void blinding_start(blinding *state, const uint8_t *secret, size_t secret_size, const uint8_t *message,
                    size_t message_size) {
  crypto_hmac(CRYPTO_SHA256, secret, secret_size, (const uint8_t *)"blinding", 8, message, message_size, state->seed);
  state->counter = 0;
}

int blinding_random(void *opaque, unsigned char *output, size_t size) {
  blinding *state = opaque;
  while (size > 0) {
    uint8_t counter[4], block[32];
    memcpy(counter, &state->counter, 4);
    state->counter++;
    crypto_hmac(CRYPTO_SHA256, state->seed, 32, counter, 4, NULL, 0, block);
    size_t part = size < 32 ? size : 32;
    memcpy(output, block, part);
    output += part;
    size -= part;
  }
  return 0;
}

static int load_private(int group, const uint8_t *bytes, mbedtls_ecp_group *curve, mbedtls_mpi *scalar) {
  if (group == CRYPTO_SECP256R1) {
    int result = mbedtls_ecp_group_load(curve, MBEDTLS_ECP_DP_SECP256R1);
    if (result == 0) result = mbedtls_mpi_read_binary(scalar, bytes, 32);
    return result != 0 ? result : mbedtls_ecp_check_privkey(curve, scalar);
  }
  // Clamped (RFC 7748 section 5) and little-endian.
  uint8_t clamped[32];
  for (int i = 0; i < 32; i++) clamped[i] = bytes[31 - i];
  clamped[31] &= 248;
  clamped[0] = (clamped[0] & 127) | 64;
  int result = mbedtls_ecp_group_load(curve, MBEDTLS_ECP_DP_CURVE25519);
  if (result == 0) result = mbedtls_mpi_read_binary(scalar, clamped, 32);
  crypto_wipe(clamped, sizeof clamped);
  return result;
}

// x as the group writes it: big-endian for P-256, little-endian for X25519.
static int write_x(int group, const mbedtls_ecp_point *point, uint8_t *output) {
  int result = mbedtls_mpi_write_binary(&point->X, output, 32);
  if (result != 0 || group == CRYPTO_SECP256R1) return result;
  for (int i = 0; i < 16; i++) {
    uint8_t byte = output[i];
    output[i] = output[31 - i];
    output[31 - i] = byte;
  }
  return 0;
}

static int read_point(int group, const mbedtls_ecp_group *curve, const uint8_t *bytes, size_t size,
                      mbedtls_ecp_point *point) {
  if (group == CRYPTO_SECP256R1) {
    if (size != 65 || bytes[0] != 4) return MBEDTLS_ERR_ECP_INVALID_KEY;
    int result = mbedtls_ecp_point_read_binary(curve, point, bytes, size);
    return result != 0 ? result : mbedtls_ecp_check_pubkey(curve, point);
  }
  if (size != 32) return MBEDTLS_ERR_ECP_INVALID_KEY;
  uint8_t reversed[32];
  for (int i = 0; i < 32; i++) reversed[i] = bytes[31 - i];
  reversed[0] &= 127;  // the top bit is to be ignored (RFC 7748 section 5)
  int result = mbedtls_mpi_read_binary(&point->X, reversed, 32);
  return result != 0 ? result : mbedtls_mpi_lset(&point->Z, 1);
}

static int multiply(int group, const uint8_t *private_key, const uint8_t *peer, size_t peer_size,
                    uint8_t *output, int whole_point) {
  mbedtls_ecp_group curve;
  mbedtls_ecp_point point, product;
  mbedtls_mpi scalar;
  blinding random;
  mbedtls_ecp_group_init(&curve);
  mbedtls_ecp_point_init(&point);
  mbedtls_ecp_point_init(&product);
  mbedtls_mpi_init(&scalar);
  blinding_start(&random, private_key, 32, peer, peer_size);
  int result = load_private(group, private_key, &curve, &scalar);
  if (result == 0 && peer != NULL) result = read_point(group, &curve, peer, peer_size, &point);
  if (result == 0) {
    result = mbedtls_ecp_mul(&curve, &product, &scalar, peer != NULL ? &point : &curve.G, blinding_random, &random);
  }
  if (result == 0 && whole_point && group == CRYPTO_SECP256R1) {
    size_t size;
    result = mbedtls_ecp_point_write_binary(&curve, &product, MBEDTLS_ECP_PF_UNCOMPRESSED, &size, output, 65);
  } else if (result == 0) {
    result = write_x(group, &product, output);
  }
  mbedtls_mpi_free(&scalar);
  mbedtls_ecp_point_free(&product);
  mbedtls_ecp_point_free(&point);
  mbedtls_ecp_group_free(&curve);
  crypto_wipe(&random, sizeof random);
  return crypto_result(result);
}

int crypto_key_exchange_public(int group, const uint8_t *private_key, uint8_t *public_key) {
  return multiply(group, private_key, NULL, 0, public_key, 1);
}

int crypto_key_exchange_shared(int group, const uint8_t *private_key, const uint8_t *peer, size_t peer_size,
                               uint8_t *shared) {
  int result = multiply(group, private_key, peer, peer_size, shared, 0);
  if (result != 0) return result;
  // A point of small order gives zero, whatever the private key (RFC 7748 section 6.1).
  static const uint8_t zero[32];
  return crypto_equal(shared, zero, 32) ? CRYPTO_FAILED : 0;
}

#endif
