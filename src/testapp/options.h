#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace hitless::testapp {

/// What the application does when SIGTERM (or SIGINT) arrives.
enum class OnSigterm {
  kStopAccepting,  ///< Closes the listening socket at once, finishes what is in flight, exits.
  kDrain,  ///< Keeps accepting, answers `Connection: close`, exits when nobody is connected.
  kExit,   ///< Exits at once and cuts what is in flight.
};

struct Options {
  std::uint16_t port = 8080;                 ///< 0 takes any free port; the start line names it.
  std::chrono::nanoseconds startupDelay{0};  ///< Nothing listens before it has passed.
  OnSigterm onSigterm = OnSigterm::kStopAccepting;
  std::chrono::nanoseconds drainTime = std::chrono::seconds{10};  ///< Bound on finishing.
  std::string podName = "unknown";
  std::chrono::nanoseconds maxConnectionAge{
      0};  ///< gRPC: then a connection gets a GOAWAY. 0: never.
};

struct Parsed {
  Options options;
  std::string error;  ///< Empty if the options are good.
  bool help = false;
};

const char* name(OnSigterm mode);

/// Flags win over the environment (PORT, STARTUP_DELAY, ON_SIGTERM, DRAIN_TIME, HOSTNAME).
/// `getEnv` gives the value of a variable or nullptr.
Parsed parseOptions(const std::vector<std::string>& arguments, const char* (*getEnv)(const char*));

/// main() of a test application: reads the arguments and the environment, says what is wrong with
/// them (exit status 2), helps, or serves.
int runProgram(int argc, char** argv, std::string_view program, std::string_view introduction,
               int (*serve)(const Options&));

/// The text of --help: the program's own words, then the options from the parser's table.
std::string usage(std::string_view introduction);

}  // namespace hitless::testapp
