#pragma once

#include "core/doctor/check.h"

namespace hitless::doctor {

extern const Check kForeignDrop;

}  // namespace hitless::doctor
