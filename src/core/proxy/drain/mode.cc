#include "core/proxy/drain/mode.h"

#include <fmt/format.h>

#include "base/text.h"
#include "core/kube/yaml.h"

namespace hitless::proxy {
namespace {

constexpr std::string_view kDurationHint = "a duration is \"5s\", \"300ms\", \"1m30s\"";
constexpr std::string_view kModeHint =
    "modes are \"requests\", \"fixed:5s\", \"zero-connections\" and \"zero-connections:5s\"";

Result<nanoseconds> durationOf(std::string_view text) {
  const std::optional<nanoseconds> duration = parseDuration(trim(text));
  if (!duration || *duration < nanoseconds(0)) {
    return invalid(fmt::format("\"{}\" is no duration", text), std::string(kDurationHint));
  }
  return *duration;
}

/// "30s", or "30" for seconds, as terminationGracePeriodSeconds is written.
Result<nanoseconds> durationOrSeconds(std::string_view text) {
  if (const auto number = parseUint(trim(text)); number && *number <= 1'000'000'000) {
    return seconds(static_cast<std::int64_t>(*number));
  }
  return durationOf(text);
}

using ParseDuration = Result<nanoseconds> (*)(std::string_view);

/// The duration in a variable; nullopt if it is not set or empty.
Result<std::optional<nanoseconds>> fromVariable(const Environment& environment,
                                                const std::string& name, ParseDuration parse) {
  const std::optional<std::string> text = environment(name);
  if (!text || text->empty()) {
    return std::nullopt;
  }
  const Result<nanoseconds> duration = parse(*text);
  if (!duration) {
    return tl::unexpected(Error(duration.error()).about("environment variable " + name));
  }
  return *duration;
}

/// terminationDrainDuration of the mesh's ProxyConfig, which Istio's injector hands over as YAML.
Result<std::optional<nanoseconds>> fromProxyConfig(const Environment& environment) {
  constexpr std::string_view kWhere = "environment variable PROXY_CONFIG";
  const std::optional<std::string> text = environment("PROXY_CONFIG");
  if (!text || trim(*text).empty()) {
    return std::nullopt;
  }
  const auto documents = TRY(kube::parseYaml(*text, kWhere));
  if (documents.empty() || !documents.front().value.is_object()) {
    return std::nullopt;
  }
  const auto* value = documents.front().value.get_object().if_contains("terminationDrainDuration");
  if (value == nullptr || value->is_null()) {
    return std::nullopt;
  }
  const Result<nanoseconds> duration =
      value->is_string() ? durationOf(std::string_view(value->get_string()))
                         : invalid("a duration is expected", std::string(kDurationHint));
  if (!duration) {
    return tl::unexpected(
        Error(duration.error()).about(fmt::format("{}: terminationDrainDuration", kWhere)));
  }
  return *duration;
}

Result<std::optional<nanoseconds>> terminationDrainDuration(const Environment& environment) {
  if (auto found = TRY(fromVariable(environment, "TERMINATION_DRAIN_DURATION", durationOf))) {
    return found;
  }
  if (auto found =
          TRY(fromVariable(environment, "TERMINATION_DRAIN_DURATION_SECONDS", durationOrSeconds))) {
    return found;
  }
  return fromProxyConfig(environment);
}

Result<bool> exitsOnZeroConnections(const Environment& environment) {
  const std::string name = "EXIT_ON_ZERO_ACTIVE_CONNECTIONS";
  const std::optional<std::string> text = environment(name);
  if (!text || text->empty()) {
    return false;
  }
  if (const auto value = parseBool(*text)) {
    return *value;
  }
  return tl::unexpected(Error{ErrorKind::kInvalid, fmt::format("\"{}\" is no boolean", *text),
                              "environment variable " + name, "use \"true\" or \"false\""});
}

Result<DrainMode> modeFrom(const Environment& environment) {
  const auto minimum = TRY(fromVariable(environment, "MINIMUM_DRAIN_DURATION", durationOf));
  const auto fixed = TRY(terminationDrainDuration(environment));
  if (TRY(exitsOnZeroConnections(environment))) {
    return DrainMode{DrainMode::Kind::kZeroConnections, minimum.value_or(kLegacyDrainDuration)};
  }
  if (fixed) {
    return DrainMode{DrainMode::Kind::kFixed, *fixed};
  }
  return DrainMode{};
}

/// So that it can be read back: the largest unit that divides it.
std::string durationText(nanoseconds duration) {
  if (duration % seconds(1) == nanoseconds(0)) {
    return fmt::format("{}s", duration / seconds(1));
  }
  if (duration % milliseconds(1) == nanoseconds(0)) {
    return fmt::format("{}ms", duration / milliseconds(1));
  }
  return fmt::format("{}ns", duration.count());
}

}  // namespace

Result<DrainMode> parseDrainMode(std::string_view text) {
  const std::size_t colon = text.find(':');
  const std::string_view name = text.substr(0, colon);
  std::optional<nanoseconds> duration;
  if (colon != std::string_view::npos) {
    duration = TRY(durationOf(text.substr(colon + 1)));
  }
  if (name == "fixed") {
    return DrainMode{DrainMode::Kind::kFixed, duration.value_or(kLegacyDrainDuration)};
  }
  if (name == "zero-connections") {
    return DrainMode{DrainMode::Kind::kZeroConnections, duration.value_or(kLegacyDrainDuration)};
  }
  if (name == "requests" && !duration) {
    return DrainMode{};
  }
  return invalid(fmt::format("\"{}\" is no drain mode", text), std::string(kModeHint));
}

std::string text(const DrainMode& mode) {
  switch (mode.kind) {
    case DrainMode::Kind::kFixed:
      return "fixed:" + durationText(mode.duration);
    case DrainMode::Kind::kZeroConnections:
      return "zero-connections:" + durationText(mode.duration);
    case DrainMode::Kind::kRequests:
      return "requests";
  }
  return "";
}

Result<DrainSettings> drainSettings(const Environment& environment) {
  DrainSettings settings;
  settings.mode = TRY(modeFrom(environment));
  settings.grace = TRY(fromVariable(environment, "TERMINATION_GRACE_PERIOD", durationOrSeconds));
  return settings;
}

}  // namespace hitless::proxy
