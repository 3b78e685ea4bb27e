#pragma once

#include <CLI/App.hpp>
#include <list>
#include <string>

#include "app/agent/dns_options.h"
#include "app/agent/options.h"
#include "app/agent/proxy_config.h"
#include "app/agent/service_plane.h"

namespace hitless::app {

/// The command line of `hitless agent`: its own flags, and one for each key of the configuration
/// file that has any.
struct AgentCommandLine {
  AgentOptions agent;
  ProxyConfig proxy;
  DnsOptions dns;
  std::string configFile;
  std::string policyDeny = "reject";
  bool cleanup = false;
  bool force = false;
  bool dryRun = false;
  bool verbose = false;

  struct Flag {
    const ConfigKey* key = nullptr;
    CLI::Option* option = nullptr;
    std::string text;
  };
  std::list<Flag> flags;  ///< Their addresses are the parser's.
};

void declare(CLI::App& parser, AgentCommandLine& line);

/// Reads the file, lets the flags beat it, and brings what they say together in `line.agent`.
Status settle(AgentCommandLine& line);

Result<PlaneOptions> planeOptions(const AgentCommandLine& line);

}  // namespace hitless::app
