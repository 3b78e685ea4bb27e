#pragma once

#include "base/error.h"

namespace hitless::kube {

/// What a caller can do about an API server's answer with this status (400..599).
ErrorKind errorKindOf(int httpStatus);

}  // namespace hitless::kube
