/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Block C: authorization. */
#include "ocpp-messages.h"

static const char *const hash_words[] = { "SHA256", "SHA384", "SHA512", NULL };
static const char *const certificate_words[] = { "Accepted",
                                                 "SignatureError",
                                                 "CertificateExpired",
                                                 "CertificateRevoked",
                                                 "NoCertificateAvailable",
                                                 "CertChainError",
                                                 "ContractCancelled",
                                                 NULL };

static const CfxJsonField ocsp_fields[] = {
    CFX_JSON_FIELD(
        "hashAlgorithm", ENUM, REQUIRED, OcppOcspRequest, hash_algorithm, .words = hash_words),
    CFX_JSON_FIELD("issuerNameHash", TEXT, REQUIRED, OcppOcspRequest, issuer_name_hash, .max = 128),
    CFX_JSON_FIELD("issuerKeyHash", TEXT, REQUIRED, OcppOcspRequest, issuer_key_hash, .max = 128),
    CFX_JSON_FIELD("serialNumber", TEXT, REQUIRED, OcppOcspRequest, serial_number, .max = 40),
    CFX_JSON_FIELD("responderURL", TEXT, REQUIRED, OcppOcspRequest, responder_url, .max = 512),
    OCPP_CUSTOM(OcppOcspRequest),
};
static const CfxJsonTable ocsp_table = CFX_JSON_TABLE(OcppOcspRequest, ocsp_fields, 0);

static const CfxJsonField authorize_fields[] = {
    CFX_JSON_FIELD(
        "idToken", OBJECT, REQUIRED, OcppAuthorize, id_token, .table = &ocpp_id_token_table),
    CFX_JSON_FIELD("certificate", TEXT, OPTIONAL, OcppAuthorize, certificate, .max = 5500),
    CFX_JSON_LIST("iso15118CertificateHashData",
                  OBJECT,
                  OPTIONAL,
                  OcppAuthorize,
                  hash_data,
                  .table = &ocsp_table,
                  .min_items = 1,
                  .max_items = 4),
    OCPP_CUSTOM(OcppAuthorize),
};
static const CfxJsonTable authorize_table = CFX_JSON_TABLE(OcppAuthorize, authorize_fields, 0);

static const CfxJsonField authorize_answer_fields[] = {
    CFX_JSON_FIELD("idTokenInfo",
                   OBJECT,
                   REQUIRED,
                   OcppAuthorizeAnswer,
                   info,
                   .table = &ocpp_id_token_info_table),
    CFX_JSON_FIELD("certificateStatus",
                   ENUM,
                   OPTIONAL,
                   OcppAuthorizeAnswer,
                   certificate_status,
                   .words = certificate_words),
    OCPP_CUSTOM(OcppAuthorizeAnswer),
};
static const CfxJsonTable authorize_answer_table =
    CFX_JSON_TABLE(OcppAuthorizeAnswer, authorize_answer_fields, 0);

const OcppAction ocpp_authorization_actions[] = {
    { "Authorize", &authorize_table, &authorize_answer_table, FALSE },
    { NULL, NULL, NULL, FALSE },
};
