#include "sys/doctor/legacy_reader.h"

#include <fmt/format.h>

#include "core/doctor/legacy_tables.h"
#include "core/xtables/save_text.h"
#include "sys/doctor/xtables_socket.h"

namespace hitless::sys {
namespace {

using doctor::LegacyTable;

Status addTables(IpFamily family, std::vector<LegacyTable>& tables) {
  const std::vector<std::string> names = existingTables(family);
  if (names.empty()) {
    return {};
  }
  const XtablesSocket socket = TRY(XtablesSocket::open(family));
  for (const std::string& name : names) {
    const auto info = TRY(socket.info(name));
    tables.push_back({family == IpFamily::kV4 ? "ip" : "ip6", info.name, info.entries, info.bytes});
  }
  return {};
}

/// Reads again where somebody changed the table between asking for its size and reading it.
Result<std::string> tableText(const XtablesSocket& socket, const std::string& name) {
  constexpr int kAttempts = 5;
  for (int attempt = 1;; ++attempt) {
    const auto info = TRY(socket.info(name));
    if (info.entries > doctor::kLegacyMostWalked) {
      return fmt::format("# unread-table {} {}\n", name, info.entries);
    }
    const auto bytes = socket.entries(info);
    if (!bytes && bytes.error().kind == ErrorKind::kConflict && attempt < kAttempts) {
      continue;
    }
    if (!bytes) {
      return tl::unexpected(bytes.error());
    }
    const auto table = TRY(xtables::takeApart(info, bytes->entries()));
    const auto sets = socket.setNames(table);
    return xtables::saveText(table, &sets);
  }
}

}  // namespace

Result<std::string> legacyTables() {
  std::vector<LegacyTable> tables;
  TRY_VOID(addTables(IpFamily::kV4, tables));
  TRY_VOID(addTables(IpFamily::kV6, tables));
  if (tables.empty()) {
    return fail(ErrorKind::kNotFound, "there are no legacy tables");
  }
  return doctor::renderLegacyTables(tables);
}

Result<std::string> legacyRules(IpFamily family) {
  const std::vector<std::string> names = existingTables(family);
  if (names.empty()) {
    return fail(ErrorKind::kNotFound, "there are no legacy tables");
  }
  const XtablesSocket socket = TRY(XtablesSocket::open(family));
  std::string text;
  for (const std::string& name : names) {
    text += TRY(tableText(socket, name));
  }
  return text;
}

Result<std::string> legacyRules4() {
  return legacyRules(IpFamily::kV4);
}
Result<std::string> legacyRules6() {
  return legacyRules(IpFamily::kV6);
}

}  // namespace hitless::sys
