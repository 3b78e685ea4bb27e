#include "core/doctor/xtables_lock.h"

#include "base/text.h"

namespace hitless::doctor {

// "1: FLOCK  ADVISORY  WRITE 4123 00:1a:1234 0 EOF"; a waiter has "->" behind its number
// (fs/locks.c lock_get_status()).
LockHolders lockHolders(std::string_view locks, std::string_view file) {
  LockHolders found;
  file = trim(file);
  for (const std::string_view line : split(locks, '\n')) {
    std::vector<std::string_view> words;
    for (const std::string_view word : split(line, ' ')) {
      if (!word.empty()) {
        words.push_back(word);
      }
    }
    const bool waits = words.size() > 1 && words[1] == "->";
    const std::size_t first = waits ? 2 : 1;
    if (words.size() < first + 5 || words[first] != "FLOCK" || words[first + 4] != file) {
      continue;
    }
    const auto pid = parseInt(words[first + 3]).value_or(0);
    const bool sane = pid > 0 && pid <= INT32_MAX;
    (waits ? found.waiters : found.holders).push_back(sane ? static_cast<std::int32_t>(pid) : 0);
  }
  return found;
}

}  // namespace hitless::doctor
