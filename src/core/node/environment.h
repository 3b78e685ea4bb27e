#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "core/node/downward.h"
#include "core/node/pod_spec.h"
#include "core/node/sources.h"

namespace hitless::node {

/// Names and values in the order in which they are first set.
using Environment = std::vector<std::pair<std::string, std::string>>;

/// Replaces $(NAME) by its value and $$ by $; an unknown $(NAME) stays as it is
/// (kubernetes/third_party/forked/golang/expansion).
std::string expandVariables(std::string_view text, const Environment& environment);

/// A container's environment: `base`, then envFrom, then env, each entry seeing those before it.
/// kNotFound names a missing ConfigMap, Secret or key that is not optional.
Result<Environment> environmentOf(const PodSpec& spec, const ContainerSpec& container,
                                  const PodFacts& facts, const Sources& sources, Environment base);

}  // namespace hitless::node
