#include "core/doctor/proc_tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/text.h"

namespace hitless::doctor {
namespace {

std::vector<std::string_view> wordsOf(std::string_view line) {
  std::vector<std::string_view> words;
  std::size_t at = 0;
  while ((at = line.find_first_not_of(" \t\r", at)) != std::string_view::npos) {
    const std::size_t end = std::min(line.find_first_of(" \t\r", at), line.size());
    words.push_back(line.substr(at, end - at));
    at = end;
  }
  return words;
}

std::optional<std::uint64_t> hexadecimal(std::string_view word) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number, 16);
  return error == std::errc() && end == word.data() + word.size() ? std::optional(number)
                                                                  : std::nullopt;
}

/// All numbers of a column.
std::optional<std::vector<std::uint64_t>> column(std::string_view text, std::string_view name) {
  const auto lines = split(text, '\n');
  const auto names = wordsOf(lines.front());
  const auto it = std::find(names.begin(), names.end(), name);
  if (it == names.end()) {
    return std::nullopt;
  }
  const auto at = static_cast<std::size_t>(it - names.begin());
  std::vector<std::uint64_t> numbers;
  for (std::size_t row = 1; row < lines.size(); ++row) {
    const auto words = wordsOf(lines[row]);
    if (at < words.size()) {
      numbers.push_back(hexadecimal(words[at]).value_or(0));
    }
  }
  return numbers;
}

}  // namespace

std::optional<std::uint64_t> cpuSum(std::string_view text, std::string_view name) {
  const auto numbers = column(text, name);
  if (!numbers) {
    return std::nullopt;
  }
  std::uint64_t sum = 0;
  for (const std::uint64_t number : *numbers) {
    sum += number;
  }
  return sum;
}

std::optional<std::uint64_t> cpuFirst(std::string_view text, std::string_view name) {
  const auto numbers = column(text, name);
  return numbers && !numbers->empty() ? std::optional(numbers->front()) : std::nullopt;
}

std::optional<std::uint64_t> netstat(std::string_view text, std::string_view section,
                                     std::string_view name) {
  std::vector<std::string_view> names;
  const auto lines = split(text, '\n');
  for (const std::string_view line : lines) {
    auto words = wordsOf(line);
    if (words.empty() || words[0] != fmt::format("{}:", section)) {
      continue;
    }
    if (names.empty()) {
      names = std::move(words);
      continue;
    }
    const auto it = std::find(names.begin(), names.end(), name);
    const auto at = static_cast<std::size_t>(it - names.begin());
    return at < names.size() && at < words.size() ? parseUint(words[at]) : std::nullopt;
  }
  return std::nullopt;
}

std::vector<SoftnetRow> softnetRows(std::string_view text) {
  // net/core/net-procfs.c, softnet_seq_show(): since 5.14 the thirteenth number is the CPU's.
  constexpr std::size_t kCpu = 12;
  std::vector<SoftnetRow> rows;
  const auto lines = split(text, '\n');
  for (const std::string_view line : lines) {
    const auto words = wordsOf(line);
    if (words.size() < 3) {
      continue;
    }
    SoftnetRow row;
    row.cpu = static_cast<std::uint32_t>(rows.size());
    if (words.size() > kCpu) {
      row.cpu = static_cast<std::uint32_t>(hexadecimal(words[kCpu]).value_or(row.cpu));
    }
    row.processed = hexadecimal(words[0]).value_or(0);
    row.dropped = hexadecimal(words[1]).value_or(0);
    row.squeezed = hexadecimal(words[2]).value_or(0);
    rows.push_back(row);
  }
  return rows;
}

std::vector<std::uint64_t> softirqs(std::string_view text, std::string_view name) {
  std::vector<std::uint64_t> numbers;
  const auto lines = split(text, '\n');
  for (const std::string_view line : lines) {
    const auto words = wordsOf(line);
    if (words.empty() || words[0] != fmt::format("{}:", name)) {
      continue;
    }
    for (std::size_t cpu = 1; cpu < words.size(); ++cpu) {
      numbers.push_back(parseUint(words[cpu]).value_or(0));
    }
    break;
  }
  return numbers;
}

std::optional<std::uint64_t> growth(
    const Evidence& evidence, std::string_view name,
    const std::function<std::optional<std::uint64_t>(std::string_view text)>& read) {
  const std::string* before = evidence.findFirst(name);
  const std::string* after = evidence.find(name);
  if (before == nullptr || after == nullptr || before == after) {
    return std::nullopt;
  }
  const auto from = read(*before);
  const auto to = read(*after);
  return from && to ? std::optional(*to > *from ? *to - *from : 0) : std::nullopt;
}

std::optional<std::uint64_t> cpuGrowth(const Evidence& evidence, std::string_view name,
                                       std::string_view column) {
  return growth(evidence, name, [&](std::string_view text) { return cpuSum(text, column); });
}

double perSecond(const Evidence& evidence, std::uint64_t amount) {
  const double seconds = std::chrono::duration<double>(evidence.span()).count();
  return seconds > 0 ? static_cast<double>(amount) / seconds : 0;
}

std::uint64_t percent(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0
                    : static_cast<std::uint64_t>(static_cast<double>(part) * 100.0 /
                                                 static_cast<double>(whole));
}

}  // namespace hitless::doctor
