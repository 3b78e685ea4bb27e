#include "core/doctor/evidence.h"

#include <algorithm>
#include <set>

#include "base/text.h"

namespace hitless::doctor {

bool matches(std::string_view pattern, std::string_view name) {
  const std::size_t star = pattern.find('*');
  if (star == std::string_view::npos) {
    return pattern == name;
  }
  if (name.substr(0, star) != pattern.substr(0, star)) {
    return false;
  }
  const std::string_view rest = pattern.substr(star + 1);
  for (std::size_t from = star; from <= name.size(); ++from) {
    if (matches(rest, name.substr(from))) {
      return true;
    }
    if (from < name.size() && name[from] == '/') {
      return false;
    }
  }
  return false;
}

const std::string* Evidence::find(std::string_view name) const {
  for (auto sample = samples.rbegin(); sample != samples.rend(); ++sample) {
    if (const auto file = sample->files.find(name); file != sample->files.end()) {
      return &file->second;
    }
  }
  return nullptr;
}

const std::string* Evidence::findFirst(std::string_view name) const {
  for (const Sample& sample : samples) {
    if (const auto file = sample.files.find(name); file != sample.files.end()) {
      return &file->second;
    }
  }
  return nullptr;
}

std::optional<std::int64_t> Evidence::number(std::string_view name) const {
  const std::string* text = find(name);
  return text == nullptr ? std::nullopt : parseInt(trim(*text));
}

std::vector<std::string> Evidence::names(std::string_view pattern) const {
  std::set<std::string> found;
  for (const Sample& sample : samples) {
    for (const auto& [name, content] : sample.files) {
      if (matches(pattern, name)) {
        found.insert(name);
      }
    }
  }
  return {found.begin(), found.end()};
}

nanoseconds Evidence::span() const {
  return samples.empty() ? nanoseconds{} : samples.back().at - samples.front().at;
}

}  // namespace hitless::doctor
