#include "core/kube/gateway_checks.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/kube/names.h"

namespace hitless::kube {
namespace {

constexpr std::string_view kSubdomainPattern =
    R"(^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$)";
constexpr std::string_view kHostnamePattern =
    R"(^(\*\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$)";

bool isSubdomain(std::string_view text) {
  return !dnsSubdomainError(text);
}

bool isHostname(std::string_view text) {
  return isSubdomain(text.starts_with("*.") ? text.substr(2) : text);
}

std::string join(const std::string& path, std::string_view field) {
  return fmt::format("{}.{}", path, field);
}

void mismatch(const std::string& path, const json::string& value, std::string_view pattern,
              FieldErrors& errors) {
  errors.invalid(path, value, fmt::format("{} in body should match '{}'", path, pattern));
}

bool isLetterOrDigit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

}  // namespace

void checkRange(const json::object& object, std::string_view field, const std::string& path,
                std::int64_t least, std::int64_t most, FieldErrors& errors) {
  const json::value* value = find(object, field);
  const std::int64_t* number = value == nullptr ? nullptr : value->if_int64();
  if (number == nullptr) {
    return;
  }
  const std::string at = join(path, field);
  if (*number < least) {
    errors.invalid(at, *number,
                   fmt::format("{} in body should be greater than or equal to {}", at, least));
  } else if (*number > most) {
    errors.invalid(at, *number,
                   fmt::format("{} in body should be less than or equal to {}", at, most));
  }
}

void checkLength(const json::object& object, std::string_view field, const std::string& path,
                 std::size_t most, FieldErrors& errors) {
  if (text(object, {field}).size() > most) {
    errors.tooLong(join(path, field), most);
  }
}

void checkSize(const json::object& object, std::string_view field, const std::string& path,
               std::int64_t least, std::int64_t most, FieldErrors& errors) {
  const json::value* value = find(object, field);
  const json::array* list = value == nullptr ? nullptr : value->if_array();
  if (list == nullptr) {
    return;
  }
  const auto size = static_cast<std::int64_t>(list->size());
  const std::string at = join(path, field);
  if (size < least) {
    errors.invalid(at, size, fmt::format("{} in body should have at least {} items", at, least));
  } else if (size > most) {
    errors.tooMany(at, list->size(), static_cast<std::size_t>(most));
  }
}

void checkPattern(const json::object& object, std::string_view field, const std::string& path,
                  bool (*matches)(std::string_view), std::string_view pattern,
                  FieldErrors& errors) {
  const json::value* value = find(object, field);
  const json::string* string = value == nullptr ? nullptr : value->if_string();
  if (string != nullptr && !string->empty() && !matches(*string)) {
    mismatch(join(path, field), *string, pattern, errors);
  }
}

void checkHostname(const json::object& object, std::string_view field, const std::string& path,
                   bool wildcard, FieldErrors& errors) {
  checkPattern(object, field, path, wildcard ? isHostname : isSubdomain,
               wildcard ? kHostnamePattern : kSubdomainPattern, errors);
}

void checkSectionName(const json::object& object, std::string_view field, const std::string& path,
                      FieldErrors& errors) {
  checkPattern(object, field, path, isSubdomain, kSubdomainPattern, errors);
}

void checkHostnames(const json::object& object, std::string_view field, const std::string& path,
                    FieldErrors& errors) {
  const json::value* value = find(object, field);
  const json::array* list = value == nullptr ? nullptr : value->if_array();
  for (std::size_t i = 0; list != nullptr && i < list->size(); ++i) {
    const json::string* host = (*list)[i].if_string();
    if (host != nullptr && !isHostname(*host)) {
      mismatch(fmt::format("{}.{}[{}]", path, field, i), *host, kHostnamePattern, errors);
    }
  }
}

std::optional<nanoseconds> gatewayDuration(std::string_view text) {
  std::size_t parts = 0;
  for (std::string_view rest = text; !rest.empty(); ++parts) {
    const std::size_t digits = std::min(rest.find_first_not_of("0123456789"), rest.size());
    rest.remove_prefix(digits);
    const std::size_t unit = rest.starts_with("ms") ? 2 : 1;
    if (digits == 0 || digits > 5 || rest.empty() ||
        (unit == 1 && std::string_view("hms").find(rest.front()) == std::string_view::npos)) {
      return std::nullopt;
    }
    rest.remove_prefix(unit);
  }
  return parts == 0 || parts > 4 ? std::nullopt : parseDuration(text);
}

bool isDomainPath(std::string_view text) {
  return !domainPathError(text);
}

bool isHeaderName(std::string_view text) {
  constexpr std::string_view kOthers = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return isLetterOrDigit(c) || kOthers.find(c) != std::string_view::npos;
  });
}

}  // namespace hitless::kube
