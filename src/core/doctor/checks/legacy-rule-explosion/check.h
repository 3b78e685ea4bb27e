#pragma once

#include "core/doctor/check.h"

namespace hitless::doctor {

extern const Check kLegacyRuleExplosion;

}  // namespace hitless::doctor
