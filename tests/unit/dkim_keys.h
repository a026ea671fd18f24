/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keys for tests: those of RFC 8463, of which the Ed25519 one is that of RFC 8032; and bad ones. */
#ifndef MAILSUB_TESTS_DKIM_KEYS_H
#define MAILSUB_TESTS_DKIM_KEYS_H

#define KEY_ED25519                                                                                \
    "-----BEGIN PRIVATE KEY-----\n"                                                                \
    "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"                           \
    "-----END PRIVATE KEY-----\n"

#define KEY_ED25519_PUBLIC                                                                         \
    "-----BEGIN PUBLIC KEY-----\n"                                                                 \
    "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n"                               \
    "-----END PUBLIC KEY-----\n"

/* Another one, encrypted with the passphrase "secret". */
#define KEY_ENCRYPTED                                                                              \
    "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"                                                      \
    "MIGiMF4GCSqGSIb3DQEFDTBRMDAGCSqGSIb3DQEFDDAjBBAmYqSX6pj6PUmTsqOL\n"                           \
    "XHvHAgMJJ8AwCgYIKoZIhvcNAgkwHQYJYIZIAWUDBAECBBAh6D+yutPDzQ5FeUMd\n"                           \
    "/OUHBEASdAYVZNycvllmRXlv9QUifzInJkjIVYRgASF8JrnrH15k1jYw/S69SkKA\n"                           \
    "TxChodiE7nOgGLMA3gIBJ/lVM4+g\n"                                                               \
    "-----END ENCRYPTED PRIVATE KEY-----\n"

#define KEY_RSA                                                                                    \
    "-----BEGIN RSA PRIVATE KEY-----\n"                                                            \
    "MIICXQIBAAKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQi\n"                           \
    "Y/J16JYi0Qvx/byYzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqM\n"                           \
    "KrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3Ip3G+2kryOTIKT+l/K4w3QIDAQAB\n"                           \
    "AoGAH0cxOhFZDgzXWhDhnAJDw5s4roOXN4OhjiXa8W7Y3rhX3FJqmJSPuC8N9vQm\n"                           \
    "6SVbaLAE4SG5mLMueHlh4KXffEpuLEiNp9Ss3O4YfLiQpbRqE7Tm5SxKjvvQoZZe\n"                           \
    "zHorimOaChRL2it47iuWxzxSiRMv4c+j70GiWdxXnxe4UoECQQDzJB/0U58W7RZy\n"                           \
    "6enGVj2kWF732CoWFZWzi1FicudrBFoy63QwcowpoCazKtvZGMNlPWnC7x/6o8Gc\n"                           \
    "uSe0ga2xAkEA8C7PipPm1/1fTRQvj1o/dDmZp243044ZNyxjg+/OPN0oWCbXIGxy\n"                           \
    "WvmZbXriOWoSALJTjExEgraHEgnXssuk7QJBALl5ICsYMu6hMxO73gnfNayNgPxd\n"                           \
    "WFV6Z7ULnKyV7HSVYF0hgYOHjeYe9gaMtiJYoo0zGN+L3AAtNP9huqkWlzECQE1a\n"                           \
    "licIeVlo1e+qJ6Mgqr0Q7Aa7falZ448ccbSFYEPD6oFxiOl9Y9se9iYHZKKfIcst\n"                           \
    "o7DUw1/hz2Ck4N5JrgUCQQCyKveNvjzkkd8HjYs0SwM0fPjK16//5qDZ2UiDGnOe\n"                           \
    "uEzxBDAr518Z8VFbR41in3W4Y3yCDgQlLlcETrS+zYcL\n"                                               \
    "-----END RSA PRIVATE KEY-----\n"

#define KEY_RSA_RECORD                                                                             \
    "v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWR"                         \
    "iGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQiY/J16JYi0Qvx/byYzCNb3W91y3FutAC"                        \
    "DfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3"                        \
    "Ip3G+2kryOTIKT+l/K4w3QIDAQAB"

/* 512 bits. */
#define KEY_RSA_SHORT                                                                              \
    "-----BEGIN RSA PRIVATE KEY-----\n"                                                            \
    "MIIBOwIBAAJBALYVUSdmHac0CMDtt1rtrFo52l9JYMfDazsN5ORnSTAiSaLVzUfD\n"                           \
    "SA8idKq+Q5rWcQ1nyWf/B+Eb/DG/ms0qLiECAwEAAQJAYdgoqORN0Pi8L3hOTDVl\n"                           \
    "pYJrH0MeF5qid7RqqHX8NTl+gcMLC9BYtMSjLL9UJi3sY08vXHu6l8srNp7tqIsJ\n"                           \
    "xQIhAO2JcrKWFaL7pk9OxJi1siexkKEYH1yWn7NAdcej1FHXAiEAxDxxS5Dn46ft\n"                           \
    "V7P8vkGvhFqhLby8oYRv+mSVmroj8McCIQDPYZ3Kvu+68Ju9R9aqQI9+yi6sBoRy\n"                           \
    "8GoTNGbf2m+m1wIgb1C6E9uHLyS7Bd0bqfEo1zNx6rf9aMHvo2IbW0Hr0VECIQDN\n"                           \
    "zhN3sLWMfwXxfvceFe8GmIYBmGxvUS8P4JO/TJSP9g==\n"                                               \
    "-----END RSA PRIVATE KEY-----\n"

#define KEY_ECDSA                                                                                  \
    "-----BEGIN EC PRIVATE KEY-----\n"                                                             \
    "MHgCAQEEIQDtN3Q8dkgIy4LJG9Rqr9LIpUS8gLQeTsl4rPPPn8AquaAKBggqhkjO\n"                           \
    "PQMBB6FEA0IABHv/eHfP08rsKv6AQj5RrWrT7dQZDNqKhutLcQkLpqh/3RQTo7og\n"                           \
    "b4QeJ9Ru4+fppDYq0RSufo/WAOFykxw5BSA=\n"                                                       \
    "-----END EC PRIVATE KEY-----\n"

#endif
