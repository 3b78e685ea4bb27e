#pragma once

#include "core/doctor/check.h"

namespace hitless::doctor {

extern const Check kForwardPolicyDrop;

}  // namespace hitless::doctor
