#include <fmt/format.h>
#include <gtest/gtest.h>

#include "core/proxy/access_log/fields.h"
#include "core/proxy/access_log/flags.h"
#include "core/proxy/access_log/format.h"
#include "core/proxy/admin/admin.h"
#include "core/proxy/replay/reason.h"
#include "testing/page.h"

/// docs/proxy.md has the tables that the program works by.
namespace hitless::proxy {
namespace {

/// A vertical bar would end a table's cell.
std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    out += c == '|' ? "\\|" : std::string(1, c);
  }
  return out;
}

TEST(ProxyPage, HasTheLogsFields) {
  std::string table = "| in a format | in JSON | what |\n|---|---|---|\n";
  for (const LogField& field : logFields()) {
    if (!field.key.empty()) {
      table += fmt::format("| `%{}%` | `{}` | {} |\n", field.command, field.key, field.meaning);
    }
  }
  testing::expectPagePart("proxy.md", "log fields", table);
}

TEST(ProxyPage, HasTheLogsFormat) {
  testing::expectPagePart("proxy.md", "log format",
                          fmt::format("```text\n{}```\n", istioLogFormat()));
}

TEST(ProxyPage, HasTheFlags) {
  std::string table = "| flag | meaning |\n|---|---|\n";
  for (const FlagName& row : flagTable()) {
    table += fmt::format("| `{}` | {} |\n", row.name, row.meaning);
  }
  testing::expectPagePart("proxy.md", "flags", table);
}

TEST(ProxyPage, HasTheReplayReasons) {
  std::string table = "| reason | is sent again | because |\n|---|---|---|\n";
  for (std::size_t i = 0; i < kReplayReasons; ++i) {
    const auto reason = static_cast<ReplayReason>(i);
    table += fmt::format("| `{}` | {} | {} |\n", name(reason),
                         isProof(reason)   ? "always"
                         : replays(reason) ? "if allowed"
                                           : "no",
                         meaning(reason));
  }
  testing::expectPagePart("proxy.md", "replays", table);
}

TEST(ProxyPage, HasTheAdminEndpoints) {
  std::string table = "| | path | what |\n|---|---|---|\n";
  for (const AdminEndpoint& endpoint : adminEndpoints()) {
    table += fmt::format("| {} | `{}{}` | {} |\n", endpoint.method, endpoint.path,
                         cell(endpoint.parameters), endpoint.help);
  }
  testing::expectPagePart("proxy.md", "admin", table);
}

}  // namespace
}  // namespace hitless::proxy
