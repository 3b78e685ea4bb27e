#pragma once

#include "core/doctor/check.h"

namespace hitless::doctor {

extern const Check kMixedBackends;

}  // namespace hitless::doctor
