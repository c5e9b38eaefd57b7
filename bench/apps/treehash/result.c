/* SPDX-License-Identifier: MIT */
/* result - see result.h. */
#include "result.h"

#include <string.h>

const char *
th_result_text(int result)
{
    switch (result) {
    case TH_OK: return "Success";
    case TH_PENDING:
    case TH_STOPPED: return "Stopped";
    case TH_CHANGED: return "No longer a regular file";
    case TH_NOT_REGULAR: return "Neither a regular file nor a directory";
    case TH_REFUSED: return "Refused by OpenSSL";
    default: return strerror(result);
    }
}
