#pragma once

#include "core/doctor/check.h"

namespace hitless::doctor {

extern const Check kIptablesCheckLies;

}  // namespace hitless::doctor
