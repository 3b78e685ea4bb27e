#include "core/doctor/sysctl_files.h"

#include <algorithm>
#include <map>

#include "base/text.h"

namespace hitless::doctor {
namespace {

/// Whichever of '.' and '/' comes first separates; the other one is part of a word, as the '.' of
/// "net/ipv4/conf/eth0.7/forwarding" is (sysctl.d(5)).
std::string withSlashes(std::string_view name) {
  std::string path(name);
  const std::size_t first = path.find_first_of("./");
  if (first == std::string::npos || path[first] == '/') {
    return path;
  }
  for (char& letter : path) {
    letter = letter == '.' ? '/' : letter == '/' ? '.' : letter;
  }
  return path;
}

}  // namespace

std::vector<SysctlLine> parseSysctlFile(const std::string& file, std::string_view text) {
  std::vector<SysctlLine> found;
  const auto lines = split(text, '\n');
  for (std::size_t at = 0; at < lines.size(); ++at) {
    std::string_view line = trim(lines[at]);
    const std::size_t equals = line.find('=');
    if (line.empty() || line[0] == '#' || line[0] == ';' || equals == std::string_view::npos) {
      continue;
    }
    std::string_view name = trim(line.substr(0, equals));
    if (name.starts_with('-')) {  // Failing to set it is no error.
      name = trim(name.substr(1));
    }
    if (!name.empty()) {
      found.push_back(
          {file, at + 1, withSlashes(name), std::string(trim(line.substr(equals + 1)))});
    }
  }
  return found;
}

std::vector<SysctlLine> sysctlLines(const Evidence& evidence) {
  std::map<std::string, std::string> byName;  // Base name -> file.
  for (const std::string_view folder : kSysctlFolders) {
    const auto files = evidence.names(folder);
    for (const std::string& file : files) {
      byName.emplace(file.substr(file.rfind('/') + 1), file);
    }
  }
  std::vector<std::string> order;
  for (const auto& [base, file] : byName) {
    order.push_back(file);
  }
  order.emplace_back(kSysctlConf);
  std::vector<SysctlLine> lines;
  for (const std::string& file : order) {
    if (const std::string* text = evidence.find(file)) {
      auto parsed = parseSysctlFile("/" + file, *text);
      std::move(parsed.begin(), parsed.end(), std::back_inserter(lines));
    }
  }
  return lines;
}

}  // namespace hitless::doctor
