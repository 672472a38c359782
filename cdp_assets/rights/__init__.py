"""What a person may ask of everything that Onefold holds: requests, what is found, erasure with proof, access, correction, restriction."""
