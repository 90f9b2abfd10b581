#include "Provider.h"

#if !CRYPTO_PSA

#include <mbedtls/ecdsa.h>
#include <mbedtls/rsa.h>
#include <mbedtls/version.h>
#include <stdlib.h>

#include "Elliptic.h"

struct crypto_signer {
  mbedtls_ecp_group curve;
  mbedtls_mpi scalar;
  uint8_t secret[32];
  uint8_t public_key[65];
};

int crypto_signer_create(const uint8_t *private_key, crypto_signer **output) {
  *output = NULL;
  crypto_signer *signer = calloc(1, sizeof *signer);
  if (signer == NULL) return CRYPTO_NO_MEMORY;
  mbedtls_ecp_group_init(&signer->curve);
  mbedtls_mpi_init(&signer->scalar);
  for (int i = 0; i < 32; i++) signer->secret[i] = private_key[i];
  int result = mbedtls_ecp_group_load(&signer->curve, MBEDTLS_ECP_DP_SECP256R1);
  if (result == 0) result = mbedtls_mpi_read_binary(&signer->scalar, private_key, 32);
  if (result == 0) result = mbedtls_ecp_check_privkey(&signer->curve, &signer->scalar);
  // The first multiplication of the base point stores its table in the group. Doing it here, for the public key,
  // leaves the group constant afterwards: that is what makes signing safe from several threads.
  mbedtls_ecp_point product;
  mbedtls_ecp_point_init(&product);
  blinding random;
  blinding_start(&random, private_key, 32, NULL, 0);
  if (result == 0) {
    result = mbedtls_ecp_mul(&signer->curve, &product, &signer->scalar, &signer->curve.G, blinding_random, &random);
  }
  size_t size;
  if (result == 0) {
    result = mbedtls_ecp_point_write_binary(&signer->curve, &product, MBEDTLS_ECP_PF_UNCOMPRESSED, &size,
                                            signer->public_key, 65);
  }
  mbedtls_ecp_point_free(&product);
  crypto_wipe(&random, sizeof random);
  if (result != 0) {
    crypto_signer_free(signer);
    return crypto_result(result);
  }
  *output = signer;
  return 0;
}

void crypto_signer_free(crypto_signer *signer) {
  if (signer == NULL) return;
  mbedtls_mpi_free(&signer->scalar);
  mbedtls_ecp_group_free(&signer->curve);
  crypto_wipe(signer, sizeof *signer);
  free(signer);
}

void crypto_signer_private_key(const crypto_signer *signer, uint8_t *private_key) {
  for (int i = 0; i < 32; i++) private_key[i] = signer->secret[i];
}

void crypto_signer_public_key(const crypto_signer *signer, uint8_t *public_key) {
  for (int i = 0; i < 65; i++) public_key[i] = signer->public_key[i];
}

int crypto_signer_sign(const crypto_signer *signer, const uint8_t *digest, uint8_t *r_bytes, uint8_t *s_bytes) {
  // The signatures lack const; see crypto_signer_create for why nothing is written.
  mbedtls_ecp_group *curve = (mbedtls_ecp_group *)&signer->curve;
  mbedtls_mpi r, s;
  mbedtls_mpi_init(&r);
  mbedtls_mpi_init(&s);
  blinding random;
  blinding_start(&random, signer->secret, 32, digest, 32);
  int result = mbedtls_ecdsa_sign_det_ext(curve, &r, &s, &signer->scalar, digest, 32, MBEDTLS_MD_SHA256,
                                          blinding_random, &random);
  if (result == 0) result = mbedtls_mpi_write_binary(&r, r_bytes, 32);
  if (result == 0) result = mbedtls_mpi_write_binary(&s, s_bytes, 32);
  mbedtls_mpi_free(&r);
  mbedtls_mpi_free(&s);
  crypto_wipe(&random, sizeof random);
  return crypto_result(result);
}

int crypto_verify_ecdsa(const crypto_signer *tables, const uint8_t *public_key, const uint8_t *digest,
                        size_t digest_size, const uint8_t *r_bytes, const uint8_t *s_bytes) {
  mbedtls_ecp_group own;
  mbedtls_ecp_point point;
  mbedtls_mpi r, s;
  mbedtls_ecp_group_init(&own);
  mbedtls_ecp_point_init(&point);
  mbedtls_mpi_init(&r);
  mbedtls_mpi_init(&s);
  mbedtls_ecp_group *curve = tables != NULL ? (mbedtls_ecp_group *)&tables->curve : &own;
  int result = tables != NULL ? 0 : mbedtls_ecp_group_load(&own, MBEDTLS_ECP_DP_SECP256R1);
  if (result == 0) result = mbedtls_ecp_point_read_binary(curve, &point, public_key, 65);
  if (result == 0) result = mbedtls_ecp_check_pubkey(curve, &point);
  if (result == 0) result = mbedtls_mpi_read_binary(&r, r_bytes, 32);
  if (result == 0) result = mbedtls_mpi_read_binary(&s, s_bytes, 32);
  if (result == 0) result = mbedtls_ecdsa_verify(curve, digest, digest_size, &point, &r, &s);
  mbedtls_mpi_free(&s);
  mbedtls_mpi_free(&r);
  mbedtls_ecp_point_free(&point);
  mbedtls_ecp_group_free(&own);
  return crypto_result(result);
}

int crypto_verify_rsa(const uint8_t *modulus, size_t modulus_size, const uint8_t *exponent, size_t exponent_size,
                      int algorithm, const uint8_t *digest, const uint8_t *signature, size_t signature_size) {
  static const mbedtls_md_type_t types[] = {MBEDTLS_MD_SHA1, MBEDTLS_MD_SHA256, MBEDTLS_MD_SHA384, MBEDTLS_MD_SHA512};
  static const uint8_t sizes[] = {20, 32, 48, 64};
  mbedtls_rsa_context rsa;
#if MBEDTLS_VERSION_NUMBER < 0x03000000
  mbedtls_rsa_init(&rsa, MBEDTLS_RSA_PKCS_V15, 0);
#else
  mbedtls_rsa_init(&rsa);
#endif
  int result = mbedtls_rsa_import_raw(&rsa, modulus, modulus_size, NULL, 0, NULL, 0, NULL, 0, exponent, exponent_size);
  if (result == 0) result = mbedtls_rsa_complete(&rsa);
  if (result == 0) result = mbedtls_rsa_check_pubkey(&rsa);
  if (result == 0 && mbedtls_rsa_get_len(&rsa) != signature_size) result = MBEDTLS_ERR_RSA_VERIFY_FAILED;
#if MBEDTLS_VERSION_NUMBER < 0x03000000
  if (result == 0) {
    result = mbedtls_rsa_pkcs1_verify(&rsa, NULL, NULL, MBEDTLS_RSA_PUBLIC, types[algorithm], sizes[algorithm],
                                      digest, signature);
  }
#else
  if (result == 0) result = mbedtls_rsa_pkcs1_verify(&rsa, types[algorithm], sizes[algorithm], digest, signature);
#endif
  mbedtls_rsa_free(&rsa);
  return crypto_result(result);
}

#endif
