#pragma once

#include <string>

/// A certificate for a.io, its key, and another key, as Secrets carry them.
namespace hitless::proxy::routing {

inline const std::string kCertificateData =
    "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCk1JSUJkRENDQVJ1Z0F3SUJBZ0lVUjVKSVlVRlY0QTNy"
    "UzdNQ3M4WEdhQmlUQWd3d0NnWUlLb1pJemowRUF3SXcKRHpFTk1Bc0dBMVVFQXd3RVlTNXBiekFnRncw"
    "eU5qRXhNakl4T0RNM05EUmFHQTh5TVRJMk1UQXlPVEU0TXpjMApORm93RHpFTk1Bc0dBMVVFQXd3RVlT"
    "NXBiekJaTUJNR0J5cUdTTTQ5QWdFR0NDcUdTTTQ5QXdFSEEwSUFCQjRjCjVNN3VKMk5LQmJpOUlTZXN4"
    "NGdPRkJQV2dGZnRjd2JCMC9GMEtpZGhMRGpLcWEzamRxL0o1NVl4bXVlbnZ2eUMKRjRXTEhrUEhkV3dL"
    "b0FyTk5VR2pVekJSTUIwR0ExVWREZ1FXQkJSNnorVjZzQ3VBbDlUK2p5RzFIclFEZTk1dwpBREFmQmdO"
    "VkhTTUVHREFXZ0JSNnorVjZzQ3VBbDlUK2p5RzFIclFEZTk1d0FEQVBCZ05WSFJNQkFmOEVCVEFECkFR"
    "SC9NQW9HQ0NxR1NNNDlCQU1DQTBjQU1FUUNJQVpDcEhTaFFZUnNqVUZINE9yZjBBZG1mWHY0bm5abmRQ"
    "OUQKTkd1dWkra3hBaUIzdVkycnBhYnpnNU80K1FrQ2J3bHRzcWZWK0UxQnhqN0JMWTB5ZUNHbEdBPT0K"
    "LS0tLS1FTkQgQ0VSVElGSUNBVEUtLS0tLQo=";
inline const std::string kKeyData =
    "LS0tLS1CRUdJTiBQUklWQVRFIEtFWS0tLS0tCk1JR0hBZ0VBTUJNR0J5cUdTTTQ5QWdFR0NDcUdTTTQ5"
    "QXdFSEJHMHdhd0lCQVFRZ2dvL1NmV2lTaEFVZ3piMXAKdncxcGNBZmZ5R01MQXlXNW9mWUZtMVlKRENT"
    "aFJBTkNBQVFlSE9UTzdpZGpTZ1c0dlNFbnJNZUlEaFFUMW9CWAo3WE1Hd2RQeGRDb25ZU3c0eXFtdDQz"
    "YXZ5ZWVXTVpybnA3NzhnaGVGaXg1RHgzVnNDcUFLelRWQgotLS0tLUVORCBQUklWQVRFIEtFWS0tLS0t"
    "Cg==";
inline const std::string kOtherKeyData =
    "LS0tLS1CRUdJTiBQUklWQVRFIEtFWS0tLS0tCk1JR0hBZ0VBTUJNR0J5cUdTTTQ5QWdFR0NDcUdTTTQ5"
    "QXdFSEJHMHdhd0lCQVFRZ3RjaExGTnVHc0NXbHZSZ3oKWGRuNk1XVmVSNE5pYlF4UzgxY0p3SHBCYkl5"
    "aFJBTkNBQVJtNnd0NjZJMlBvOWZGUllsdlZ2SENTRjZqM2k4VgpPTEZCOHNmZ2pkdHR5eG4vQXNnS2ZH"
    "cmRjVDc1R2JkQW1pakJMdHpIODRJYmtMUERmYXFoaWhENwotLS0tLUVORCBQUklWQVRFIEtFWS0tLS0t"
    "Cg==";

/// A Secret of type kubernetes.io/tls.
inline std::string secret(const std::string& name, const std::string& key = kKeyData) {
  return "---\napiVersion: v1\nkind: Secret\nmetadata: {name: " + name +
         "}\ntype: kubernetes.io/tls\ndata: {tls.crt: " + kCertificateData + ", tls.key: " + key +
         "}\n";
}

}  // namespace hitless::proxy::routing
