#include "testapp/options.h"

#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string_view>

namespace hitless::testapp {
namespace {

struct ModeName {
  OnSigterm mode;
  const char* name;
};

constexpr ModeName kModes[] = {
    {OnSigterm::kStopAccepting, "stop-accepting"},
    {OnSigterm::kDrain, "drain"},
    {OnSigterm::kExit, "exit"},
};

/// "1.5s", "300ms", "2m", or plain seconds; nullopt for anything else or for more than a day.
std::optional<std::chrono::nanoseconds> parseDuration(const std::string& text) {
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  const std::string_view unit{end};
  const double scale = unit == "ms"                  ? 1e-3
                       : unit == "s" || unit.empty() ? 1.0
                       : unit == "m"                 ? 60.0
                                                     : -1.0;
  const double total = value * scale;
  if (end == text.c_str() || scale < 0 || !std::isfinite(total) || total < 0 || total > 86400) {
    return std::nullopt;
  }
  return std::chrono::nanoseconds{static_cast<std::int64_t>(total * 1e9)};
}

bool setDuration(std::chrono::nanoseconds& target, const std::string& value) {
  const auto parsed = parseDuration(value);
  target = parsed.value_or(target);
  return parsed.has_value();
}

bool setPort(Options& options, const std::string& value) {
  const char* end = value.data() + value.size();
  const auto [rest, error] = std::from_chars(value.data(), end, options.port);
  return error == std::errc{} && rest == end && !value.empty();
}

bool setMode(Options& options, const std::string& value) {
  for (const ModeName& row : kModes) {
    if (value == row.name) {
      options.onSigterm = row.mode;
      return true;
    }
  }
  return false;
}

struct Option {
  const char* flag;
  const char* variable;
  const char* expects;
  const char* help;
  bool (*set)(Options&, const std::string&);
};

constexpr Option kOptions[] = {
    {"--port", "PORT", "a port number", "where to listen (8080; 0 takes any free port)", setPort},
    {"--startup-delay", "STARTUP_DELAY", "a duration like 1.5s or 300ms",
     "listen only after this time (0s)",
     [](Options& o, const std::string& v) { return setDuration(o.startupDelay, v); }},
    {"--on-sigterm", "ON_SIGTERM", "stop-accepting, drain or exit",
     "what to do on SIGTERM (stop-accepting)", setMode},
    {"--drain-time", "DRAIN_TIME", "a duration like 1.5s or 300ms",
     "exit at the latest this long after SIGTERM (10s)",
     [](Options& o, const std::string& v) { return setDuration(o.drainTime, v); }},
    {"--pod-name", "HOSTNAME", "a name", "the name that it answers with",
     [](Options& o, const std::string& v) { return !(o.podName = v).empty(); }},
    {"--max-connection-age", "MAX_CONNECTION_AGE", "a duration like 30s",
     "gRPC: ask each connection to go at this age (never)",
     [](Options& o, const std::string& v) { return setDuration(o.maxConnectionAge, v); }},
};

std::string wrong(const char* source, const Option& option, const std::string& value) {
  return std::string(source) + ": \"" + value + "\" is not " + option.expects;
}

const Option* optionFor(std::string_view flag) {
  for (const Option& option : kOptions) {
    if (flag == option.flag) {
      return &option;
    }
  }
  return nullptr;
}

std::string applyEnvironment(Options& options, const char* (*getEnv)(const char*)) {
  for (const Option& option : kOptions) {
    const char* value = getEnv(option.variable);
    if (value != nullptr && *value != '\0' && !option.set(options, value)) {
      return wrong(option.variable, option, value);
    }
  }
  return {};
}

/// Applies the flag at `at`, which moves past its value.
std::string applyFlag(Options& options, const std::vector<std::string>& arguments,
                      std::size_t& at) {
  const std::string& argument = arguments[at];
  const std::size_t equals = argument.find('=');
  const Option* option = optionFor(argument.substr(0, equals));
  if (option == nullptr) {
    return "unknown option " + argument + " (see --help)";
  }
  if (equals == std::string::npos && at + 1 == arguments.size()) {
    return argument + " needs a value: " + option->expects;
  }
  const std::string value =
      equals == std::string::npos ? arguments[++at] : argument.substr(equals + 1);
  return option->set(options, value) ? "" : wrong(option->flag, *option, value);
}

}  // namespace

const char* name(OnSigterm mode) {
  for (const ModeName& row : kModes) {
    if (row.mode == mode) {
      return row.name;
    }
  }
  return "unknown";
}

Parsed parseOptions(const std::vector<std::string>& arguments, const char* (*getEnv)(const char*)) {
  Parsed parsed;
  parsed.error = applyEnvironment(parsed.options, getEnv);
  for (std::size_t i = 0; parsed.error.empty() && i < arguments.size(); ++i) {
    if (arguments[i] == "--help" || arguments[i] == "-h") {
      parsed.help = true;
      return parsed;
    }
    parsed.error = applyFlag(parsed.options, arguments, i);
  }
  return parsed;
}

std::string usage(std::string_view introduction) {
  std::string text(introduction);
  text += "Options, each also read from the environment:\n";
  for (const Option& option : kOptions) {
    std::string left = std::string("  ") + option.flag + ", " + option.variable;
    left.resize(44, ' ');
    text += left + option.help + "\n";
  }
  return text;
}

int runProgram(int argc, char** argv, std::string_view program, std::string_view introduction,
               int (*serve)(const Options&)) {
  const Parsed parsed = parseOptions({argv + 1, argv + argc}, [](const char* variable) {
    return static_cast<const char*>(std::getenv(variable));
  });
  if (parsed.help) {
    std::fputs(usage(introduction).c_str(), stdout);
    return 0;
  }
  if (!parsed.error.empty()) {
    std::fprintf(stderr, "%.*s: %s\n", static_cast<int>(program.size()), program.data(),
                 parsed.error.c_str());
    return 2;
  }
  return serve(parsed.options);
}

}  // namespace hitless::testapp
