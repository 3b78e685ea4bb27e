#include "core/dns/resolv_conf.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace hitless::dns {
namespace {

constexpr std::string_view kBlanks = " \t\r\v\f";

std::vector<std::string> wordsOf(std::string_view line) {
  std::vector<std::string> words;
  while ((line = line.substr(std::min(line.find_first_not_of(kBlanks), line.size()))).size() > 0) {
    const std::size_t end = std::min(line.find_first_of(kBlanks), line.size());
    words.emplace_back(line.substr(0, end));
    line.remove_prefix(end);
  }
  return words;
}

std::string withoutFinalDot(std::string domain) {
  if (domain.size() > 1 && domain.back() == '.') {
    domain.pop_back();
  }
  return domain;
}

std::string_view nameOf(std::string_view option) {
  return option.substr(0, option.find(':'));
}

void take(std::vector<std::string> words, ResolvConf& conf) {
  const std::string keyword = std::move(words.front());
  words.erase(words.begin());
  if (keyword == "nameserver" && !words.empty()) {
    conf.nameservers.push_back(std::move(words.front()));
  } else if (keyword == "search") {
    std::transform(words.begin(), words.end(), words.begin(), withoutFinalDot);
    conf.searches = std::move(words);
  } else if (keyword == "options") {
    for (std::string& option : words) {
      setOption(conf.options, std::move(option));
    }
  }
}

}  // namespace

ResolvConf parseResolvConf(std::string_view text) {
  ResolvConf conf;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    if (auto words = wordsOf(text.substr(0, end)); !words.empty()) {
      take(std::move(words), conf);
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return conf;
}

std::string render(const ResolvConf& conf) {
  std::string out;
  if (!conf.searches.empty()) {
    out += fmt::format("search {}\n", fmt::join(conf.searches, " "));
  }
  for (const std::string& server : conf.nameservers) {
    out += fmt::format("nameserver {}\n", server);
  }
  if (!conf.options.empty()) {
    out += fmt::format("options {}\n", fmt::join(conf.options, " "));
  }
  return out;
}

void setOption(std::vector<std::string>& options, std::string option) {
  const auto same = std::find_if(options.begin(), options.end(), [&](const std::string& other) {
    return nameOf(other) == nameOf(option);
  });
  if (same != options.end()) {
    *same = std::move(option);
  } else {
    options.push_back(std::move(option));
  }
}

}  // namespace hitless::dns
