#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/scenario/action.h"

namespace hitless::scenario {

/// How faults are written, for messages.
std::string_view faultForms();

/// Reads "crash pod/NAME", "crash pod -l SELECTOR", "cut node/NAME", "mend node/NAME" or "wait
/// TIME" into `action`, whose text and namespace are set. nullopt if the words are none of them.
Result<std::optional<Action>> parseFault(Action action, const std::vector<std::string>& words);

}  // namespace hitless::scenario
