/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* OCSP responses for the tests of TLS (RFC 6960), made when a test starts: GnuTLS only reads them. */
#ifndef MAILSUB_TESTS_STAPLE_H
#define MAILSUB_TESTS_STAPLE_H

#include "pki.h"

enum staple_status { STAPLE_GOOD, STAPLE_REVOKED, STAPLE_UNKNOWN };

struct staple {
    enum staple_status status;
    int from_day; /* relative to today */
    int to_day;   /* the response tells of nothing newer when it is 0 */
};

/* What issuer says of certificate, signed by signer; DER, freed with gnutls_free. */
gnutls_datum_t staple_make(const struct pki_ca *issuer, const struct pki_ca *signer,
                           gnutls_x509_crt_t certificate, const struct staple *staple);

#endif
