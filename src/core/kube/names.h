#pragma once

#include <optional>
#include <string>
#include <string_view>

/// The forms of names in the API, as predicates. Each gives what is wrong with the text, in the API
/// server's words, or nullopt if it is fine.
namespace hitless::kube {

/// RFC 1123 label: at most 63 of [a-z0-9-], alphanumeric at both ends.
std::optional<std::string> dnsLabelError(std::string_view text);
/// RFC 1035 label: an RFC 1123 label that starts with a letter (Service names).
std::optional<std::string> dns1035LabelError(std::string_view text);
/// RFC 1123 subdomain: at most 253, labels separated by dots.
std::optional<std::string> dnsSubdomainError(std::string_view text);
/// The same, but a label may begin with an underscore and hold more: a search domain.
std::optional<std::string> searchDomainError(std::string_view text);
/// "*." and an RFC 1123 subdomain.
std::optional<std::string> wildcardDomainError(std::string_view text);
/// RFC 1123 subdomain, slash, path: "example.com/controller".
std::optional<std::string> domainPathError(std::string_view text);
/// Label or annotation key: optional DNS prefix and slash, then a name of at most 63.
std::optional<std::string> qualifiedNameError(std::string_view text);
std::optional<std::string> labelValueError(std::string_view text);
/// IANA service name: at most 15 of [a-z0-9-] with a letter in it.
std::optional<std::string> portNameError(std::string_view text);
std::optional<std::string> envNameError(std::string_view text);
/// Key of a ConfigMap or Secret.
std::optional<std::string> dataKeyError(std::string_view text);

}  // namespace hitless::kube
